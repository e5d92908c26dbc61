import { createRandom, type Random } from './random.ts'

export type PlannedTask = Readonly<{
  role: string
  deps: readonly number[]
  judged: boolean
  ms: number
  poison: boolean
}>
export type PlannedRun = Readonly<{ at: number; tree: boolean; tasks: readonly PlannedTask[] }>
export type PlannedWorker = Readonly<{ concurrency: number; roles: readonly string[]; maintenance: boolean }>

/** `ms`: how long it lasts, or how long the worker stays away. */
export type Fault =
  | Readonly<{ kind: 'crash'; at: number; worker: number; ms: number; takeOver: boolean }>
  | Readonly<{ kind: 'hang'; at: number; worker: number; ms: number }>
  | Readonly<{ kind: 'drain'; at: number; worker: number; ms: number; drainMs: number }>
  | Readonly<{ kind: 'flush'; at: number }>
  | Readonly<{ kind: 'record_away' | 'queue_away'; at: number; ms: number }>
  | Readonly<{ kind: 'cancel'; at: number; run: number; told: boolean }>
  | Readonly<{ kind: 'pause'; at: number; run: number; ms: number; told: boolean }>

/** Shares of what goes wrong all the time, until `calmAt`. */
export type Weather = Readonly<{
  wakeUpLost: number
  wakeUpTwice: number
  wakeUpLate: number
  requestLost: number
  replyLost: number
  slow: number
}>

/** One story to be told, all of it drawn beforehand but for the small latencies, which the same seed draws again. */
export type Schedule = Readonly<{
  seed: number
  runs: readonly PlannedRun[]
  workers: readonly PlannedWorker[]
  limits: Readonly<Record<string, number>>
  weather: Weather
  faults: readonly Fault[]
  /** After this nothing goes wrong any more. */
  calmAt: number
}>

export const ROLES = ['writer', 'reviewer'] as const
const CALM: Weather = { wakeUpLost: 0, wakeUpTwice: 0, wakeUpLate: 0, requestLost: 0, replyLost: 0, slow: 0 }

export function drawSchedule(seed: number): Schedule {
  const random = createRandom(seed)
  // Long work, and a worker that comes back after its lease: rare by chance, and hard on fences.
  const late = random.chance(0.1)
  const runs = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => drawRun(random, late ? 0.5 : 0.05))
  const workers = Array.from({ length: late ? 2 : 1 + random.int(3) }, (_, n) => drawWorker(random, n))
  const horizon = random.between(200, 3_000)
  const faults = drawFaults(random, horizon, workers.length, runs.length)
  if (late) faults.push({ kind: 'hang', at: random.between(200, 1_500), worker: 1, ms: random.between(3_200, 5_500) })
  return {
    seed,
    runs,
    workers,
    limits: random.chance(0.15) ? { writer: 1 + random.int(2) } : {},
    weather: random.chance(0.5) ? CALM : drawWeather(random),
    faults,
    calmAt: Math.max(horizon, ...faults.map((fault) => fault.at + ('ms' in fault ? fault.ms : 0))),
  }
}

const pick = <T>(random: Random, items: readonly T[]): T => items[random.int(items.length)] as T

function drawRun(random: Random, long: number): PlannedRun {
  const size = 1 + random.int(8)
  const shape = random.next()
  const tasks = Array.from({ length: size }, (_, idx): PlannedTask => {
    const wide = shape < 0.3 ? 0 : random.int(Math.min(idx, 2) + 1)
    const deps = new Set(Array.from({ length: idx === 0 ? 0 : wide }, () => random.int(idx)))
    if (shape > 0.85 && idx > 0) deps.add(idx - 1)
    return {
      role: random.chance(0.75) ? ROLES[0] : ROLES[1],
      deps: [...deps].toSorted((a, b) => a - b),
      judged: random.chance(0.15),
      ms: random.chance(long) ? random.between(2_000, long > 0.1 ? 12_000 : 7_000) : 25 * (1 + random.int(8)),
      poison: random.chance(0.004),
    }
  })
  return { at: random.between(0, 100), tree: random.chance(0.3), tasks }
}

/** The first worker serves everything and looks after the rest, so that what can be done is done in the end. */
function drawWorker(random: Random, n: number): PlannedWorker {
  const all = n === 0 || random.chance(0.7)
  return {
    concurrency: 1 + random.int(3),
    roles: all ? [...ROLES] : [pick(random, ROLES)],
    maintenance: n === 0 || random.chance(0.3),
  }
}

function drawWeather(random: Random): Weather {
  const share = (most: number): number => (random.chance(0.5) ? random.next() * most : 0)
  return {
    wakeUpLost: share(0.3),
    wakeUpTwice: share(0.3),
    wakeUpLate: share(0.3),
    requestLost: share(0.08),
    replyLost: share(0.08),
    slow: share(0.2),
  }
}

function drawFaults(random: Random, horizon: number, workers: number, runs: number): Fault[] {
  const count = random.chance(0.25) ? 0 : 1 + random.int(4)
  return Array.from({ length: count }, (): Fault => {
    const at = random.next() * horizon
    const worker = random.int(workers)
    const run = random.int(runs)
    const kind = random.int(13)
    if (kind < 3) return { kind: 'crash', at, worker, ms: random.between(10, 1_500), takeOver: random.chance(0.5) }
    if (kind < 5)
      return {
        kind: 'hang',
        at,
        worker,
        ms: random.chance(0.5) ? random.between(50, 2_500) : random.between(2_500, 5_000),
      }
    if (kind < 7) return { kind: 'drain', at, worker, ms: random.between(10, 500), drainMs: random.between(50, 2_000) }
    if (kind < 8) return { kind: 'flush', at }
    if (kind < 9) return { kind: 'record_away', at, ms: random.between(20, 2_000) }
    if (kind < 10) return { kind: 'queue_away', at, ms: random.between(20, 2_000) }
    if (kind < 11) return { kind: 'cancel', at, run, told: random.chance(0.5) }
    return { kind: 'pause', at, run, ms: random.between(20, 2_000), told: random.chance(0.5) }
  })
}
