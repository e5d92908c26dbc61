import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@flotilla/client'
import { FlotillaError } from '@flotilla/domain'
import type { Log, Shutdown } from '@flotilla/runtime'
import { EmbeddedPostgresError } from '@flotilla/runtime/embedded-postgres'
import { ROOT, type Config, type Environment } from '../config.ts'
import { removeServerFile, writeServerFile } from '../server-file.ts'
import { childEnvironment, drainOf } from './child-environment.ts'
import { lockDataDir } from './data-lock.ts'
import { keepEmbeddedDatabase } from './embedded-database.ts'
import { keepProcess } from './kept-process.ts'
import { urlOf, usablePort } from './port-check.ts'
import { prepareDatabase } from './prepare-database.ts'

export interface SystemDeps {
  readonly log: Log
  /** Set-up talk, for whoever waits. */
  readonly say: (text: string) => void
  /** What is started is closed by it; nothing new starts once it has begun. */
  readonly shutdown: Shutdown
  /** A part that cannot be kept running; the system is of no use any more. */
  readonly onFailure: (problem: string) => void
  readonly programs?: Programs
}

/** The scripts of the processes that make up the system. */
export type Programs = Readonly<{ api: string; worker: string }>
const PROGRAMS: Programs = {
  api: path.join(ROOT, 'apps/api/src/main.ts'),
  worker: path.join(ROOT, 'apps/worker/src/main.ts'),
}

export type SystemOutcome =
  | Readonly<{ state: 'ready'; url: string }>
  | Readonly<{ state: 'failed'; problem: string }>
  /** The shutdown began first. */
  | Readonly<{ state: 'stopped' }>

/**
 * Starts the whole system on this machine: the database where no other is set, the API and the workers, each started again
 * when it dies. Answers when the API says that it is ready.
 */
export async function startSystem(deps: SystemDeps, config: Config): Promise<SystemOutcome> {
  const failure = Promise.withResolvers<SystemOutcome>()
  const stopped = new Promise<SystemOutcome>((resolve) => {
    deps.shutdown.signal.addEventListener('abort', () => resolve({ state: 'stopped' }), { once: true })
  })
  const onFailure = (problem: string): void => {
    failure.resolve({ state: 'failed', problem })
    deps.onFailure(problem)
  }
  const started = startParts({ ...deps, onFailure }, config).catch((error: unknown): SystemOutcome => {
    if (deps.shutdown.signal.aborted) return { state: 'stopped' }
    if (error instanceof FlotillaError || error instanceof EmbeddedPostgresError)
      return { state: 'failed', problem: error.message }
    throw error
  })
  return Promise.race([started, failure.promise, stopped])
}

async function startParts(deps: SystemDeps, config: Config): Promise<SystemOutcome> {
  const { shutdown, say } = deps
  const { dataDir } = config
  const locked = lockDataDir(dataDir)
  if (!locked.held) return { state: 'failed', problem: inUse(dataDir, locked.heldBy) }
  shutdown.register('data directory', () => locked.lock.release())
  const port = await usablePort(config.host, config.port)
  if (!port.ok) return { state: 'failed', problem: port.problems.join('; ') }
  const databaseUrl = config.databaseUrl ?? (await startDatabase(deps, dataDir))
  shutdown.signal.throwIfAborted()
  const applied = await prepareDatabase({ databaseUrl, redisUrl: config.redisUrl }, say)
  if (applied.length > 0)
    say(`Prepared the database (${applied.length === 1 ? '1 migration' : `${applied.length} migrations`}).`)
  shutdown.signal.throwIfAborted()
  const url = urlOf(config.host, port.value)
  startProcesses(deps, { ...config, databaseUrl, port: port.value })
  await untilReady(url, shutdown.signal)
  shutdown.register('server file', () => removeServerFile(dataDir))
  await writeServerFile(dataDir, { url, pid: process.pid })
  return { state: 'ready', url }
}

async function startDatabase({ log, say, shutdown, onFailure }: SystemDeps, dataDir: string): Promise<string> {
  say(`Starting PostgreSQL in ${dataDir} …`)
  const starting = keepEmbeddedDatabase({ dataDir, log, onHopeless: onFailure })
  // Registered before it runs: a shutdown in the middle of its start must not leave it behind.
  shutdown.register('database', async () => (await starting.catch(() => null))?.stop())
  return (await starting).url
}

type Settings = Config & Readonly<{ databaseUrl: string }>

function startProcesses(deps: SystemDeps, settings: Settings): void {
  const { log, say, shutdown, onFailure, programs = PROGRAMS } = deps
  const { dataDir, workers, workerName } = settings
  say(`Starting the API and ${workers} ${workers === 1 ? 'worker' : 'workers'} …`)
  const common = { dataDir, log, onHopeless: onFailure }
  const api = { ...common, name: 'api', script: programs.api, environment: () => childEnvironment(settings) }
  const names = Array.from({ length: workers }, (_, i) => `${workerName}-${i + 1}`)
  const kept = [
    keepProcess(api),
    ...names.map((name) =>
      keepProcess({ ...common, name, script: programs.worker, environment: workerEnvironment(settings, name) }),
    ),
  ]
  const { graceMs } = drainOf(settings.drainSeconds)
  shutdown.register('processes', async () => void (await Promise.all(kept.map((one) => one.stop(graceMs)))))
}

function workerEnvironment(settings: Settings, name: string): () => Environment {
  const environment = { ...childEnvironment(settings), FLOTILLA_WORKER_NAME: recordedName(name, settings.dataDir) }
  return () => environment
}

/**
 * A worker as the record knows it: it takes over what an earlier process of its name left, so no other machine's and no other
 * data directory's worker on the same database may have that name.
 */
export function recordedName(name: string, dataDir: string): string {
  const place = createHash('sha256').update(`${hostname()}:${dataDir}`).digest('hex').slice(0, 6)
  return `${name}@${hostname()}-${place}`
}

const ASK_EVERY_MS = 50

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const client = createClient({ url, timeoutMs: 2_000 })
  for (;;) {
    const ready = await client.ready({ signal }).then(
      (readiness) => readiness.ready,
      () => false,
    )
    if (ready) return
    await wait(ASK_EVERY_MS, undefined, { signal })
  }
}

function inUse(dataDir: string, pid: number | null): string {
  const holder = pid === null ? 'another process' : `process ${pid}`
  return `the data directory ${dataDir} is in use by ${holder}: Flotilla runs there already. Use that one (\`flotilla run\`), stop it, or choose another with --data-dir or FLOTILLA_DATA_DIR`
}
