import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MODEL, PRICES, SMALL_MODEL } from '../money/prices.ts'
import { createRandom } from '../random.ts'
import type { StruckFault } from '../faults/fault.ts'
import type { Ground } from './ground.ts'
import { createManning } from './manning.ts'
import { createWorkerSlot, type Crash, type WorkerSlot } from './worker-slot.ts'

export type FleetOptions = Readonly<{
  seed: number
  workers: number
  treeMax: number
  modelUrl: string
  /** Holds logs and clock files. */
  folder: string
  ground: Ground
  /** The worker program of an earlier version, which the fleet then begins with. */
  earlier: string | null
}>

export type Version = 'earlier' | 'present'

export interface Fleet {
  readonly slots: readonly WorkerSlot[]
  readonly crashes: readonly Crash[]
  /** The worker's clock is wrong by this much from now on. */
  skew(worker: number, byMs: number): Promise<void>
  /** Whoever starts from now on is of this version. */
  startFromNowOn(version: Version): void
  /** The median, in milliseconds: how busy the machine is. */
  startMs(): number
  /** Times at which no worker was at work. */
  unmanned(): readonly StruckFault[]
  /** Answers the numbers of the workers that did not end by themselves. */
  stop(): Promise<number[]>
}

const TOOLS = fileURLToPath(new URL('../effects/tools.ts', import.meta.url))
export const effectsFile = (folder: string): string => path.join(folder, 'effects.jsonl')
const WORKER = fileURLToPath(new URL('../../../apps/worker/src/main.ts', import.meta.url))
export const LEASE_MS = 2_500
export const DRAIN_MS = 1_000
/** The longest that an orderly end may take: the drain, what the worker allows itself beyond it, and a busy machine. */
const END_MS = DRAIN_MS + 15_000
/** Half of the processes have their worker's name, and so take over at once what an earlier one of that name left. */
const NAMED = 0.5

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const crashes: Crash[] = []
  let version: Version = options.earlier === null ? 'present' : 'earlier'
  const manning = createManning(() => Date.now())
  const slots = Array.from({ length: options.workers }, (_, worker) =>
    createWorkerSlot({
      worker,
      logFile: path.join(options.folder, `worker-${worker + 1}.log`),
      program: () => (version === 'earlier' && options.earlier !== null ? options.earlier : WORKER),
      envOf: (start) => ({ ...envOf(options, worker), ...nameOf(options, worker, start, version) }),
      onUp: (up) => manning.set(worker, up),
      onCrash: (crash) => void crashes.push(crash),
    }),
  )
  const skew = (worker: number, byMs: number): Promise<void> =>
    writeFile(clockFile(options, worker), String(Math.round(byMs)))
  await Promise.all(slots.map((_, worker) => skew(worker, 0)))
  await Promise.all(slots.map((slot) => slot.start()))
  return {
    slots,
    crashes,
    skew,
    startMs: () => {
      const starts = slots.flatMap((slot) => slot.startsMs).toSorted((a, b) => a - b)
      return starts[Math.floor(starts.length / 2)] ?? 0
    },
    unmanned: () => manning.spans(),
    startFromNowOn(next) {
      version = next
    },
    async stop() {
      const ended = await Promise.all(slots.map((slot) => slot.stop(END_MS)))
      return ended.flatMap((inTime, worker) => (inTime ? [] : [worker]))
    },
  }
}

const clockFile = ({ folder }: FleetOptions, worker: number): string => path.join(folder, `clock-${worker + 1}`)

/** Where two versions run together, the name tells which one an event is of. */
function nameOf(
  { seed, earlier }: FleetOptions,
  worker: number,
  start: number,
  version: Version,
): Record<string, string> {
  if (earlier !== null) return { FLOTILLA_WORKER_NAME: `${version}-${worker + 1}` }
  const named = createRandom(seed, 'name', worker, start).chance(NAMED)
  return named ? { FLOTILLA_WORKER_NAME: `worker-${worker + 1}` } : {}
}

function envOf(options: FleetOptions, worker: number): Record<string, string> {
  const { databaseUrl, redisUrl } = options.ground.addressesOf(worker)
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    CHAOS_CLOCK_FILE: clockFile(options, worker),
    DATABASE_URL: databaseUrl,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    OPENAI_BASE_URL: `${options.modelUrl}/${worker}/v1`,
    FLOTILLA_MODEL: MODEL,
    FLOTILLA_UTILITY_MODEL: SMALL_MODEL,
    FLOTILLA_PRICES: JSON.stringify(PRICES),
    ...(options.earlier === null ? { FLOTILLA_TOOLS: TOOLS, CHAOS_EFFECTS_FILE: effectsFile(options.folder) } : {}),
    FLOTILLA_LEASE_SECONDS: String(LEASE_MS / 1_000),
    FLOTILLA_HEARTBEAT_SECONDS: '0.5',
    FLOTILLA_RETRY_SECONDS: '0.1',
    FLOTILLA_DRAIN_SECONDS: String(DRAIN_MS / 1_000),
    FLOTILLA_CONCURRENCY: '8',
    FLOTILLA_ROLE_LIMITS: 'reviewer=6',
    FLOTILLA_TREE_MAX: String(options.treeMax),
    FLOTILLA_LOG_LEVEL: 'info',
  }
}
