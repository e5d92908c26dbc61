import { createRandom, type Random } from '../random.ts'
import type { Fault, FaultKind, WakeUpPick } from './fault.ts'

export type ScheduleInput = Readonly<{
  seed: number
  /** Every fault, its end included, falls within it. */
  forMs: number
  mix: readonly FaultKind[]
  /** Stretches the time between two faults of a kind. */
  pace: number
  workers: number
  leaseMs: number
  /** The embedded queue has no Redis to half-open. */
  hasRedis: boolean
}>

/** Milliseconds between two faults of a kind, on average. */
const EVERY_MS: Readonly<Record<FaultKind, number>> = {
  kill: 5_000,
  stop: 9_000,
  drain: 6_000,
  flush: 4_000,
  'redis-wipe': 12_000,
  'pg-crash': 14_000,
  terminate: 5_000,
  halfopen: 15_000,
  skew: 5_000,
  dup: 250,
  cancel: 4_000,
  pause: 4_000,
  // Comes with the plans.
  poison: Number.POSITIVE_INFINITY,
}

/** All faults of a campaign in their order. Kinds draw from streams of their own: a mix is the union of its kinds. */
export function scheduleFaults(input: ScheduleInput): Fault[] {
  return input.mix.flatMap((kind) => faultsOf(kind, input)).toSorted((a, b) => a.atMs - b.atMs)
}

/** Of one kind a fault begins only when the one before it has ended. */
function faultsOf(kind: FaultKind, input: ScheduleInput): Fault[] {
  const random = createRandom(input.seed, 'faults', kind)
  const every = EVERY_MS[kind] * input.pace
  const faults: Fault[] = []
  // The first comes early, so that a short campaign too has one of each kind.
  for (let atMs = Math.min(every, input.forMs / 2) * random.between(0.2, 0.8); ;) {
    const fault = draw(kind, Math.round(atMs), random, input)
    if (fault === null) return faults
    const endMs = atMs + ('forMs' in fault ? fault.forMs : 0)
    if (endMs > input.forMs) return faults
    faults.push(fault)
    atMs = endMs + every * random.between(0.5, 1.5)
  }
}

function draw(
  kind: FaultKind,
  atMs: number,
  random: Random,
  { workers, leaseMs, hasRedis }: ScheduleInput,
): Fault | null {
  const worker = random.int(workers)
  switch (kind) {
    case 'kill':
    case 'drain':
      return { kind, atMs, worker }
    case 'stop':
      return { kind, atMs, worker, forMs: leaseMs * random.between(1.2, 2) }
    case 'flush':
      return { kind, atMs }
    case 'redis-wipe':
    case 'pg-crash':
      return { kind, atMs, forMs: random.between(200, 2_500) }
    case 'terminate':
      return { kind, atMs, share: random.between(0.2, 1) }
    case 'halfopen':
      return {
        kind,
        atMs,
        worker,
        side: hasRedis && random.chance(0.5) ? 'redis' : 'postgres',
        forMs: random.between(100, 3_000),
      }
    case 'skew':
      return { kind, atMs, worker, byMs: random.pick([-600_000, 600_000, 0, random.between(-600_000, 600_000)]) }
    case 'cancel':
      return { kind, atMs, run: random.between(0.8, 1) }
    case 'pause':
      return { kind, atMs, run: random.between(0.8, 1), forMs: random.between(300, 4_000) }
    case 'poison':
      return null
    case 'dup':
      return { kind, atMs, picks: Array.from({ length: 1 + random.int(6) }, () => drawPick(random)) }
  }
}

/** Half of them go to recent runs, where they race with the real ones. */
function drawPick(random: Random): WakeUpPick {
  return {
    what: random.chance(0.7) ? 'task' : random.pick(['judge', 'plan', 'finish', 'learn']),
    run: random.chance(0.5) ? random.between(0.97, 1) : random.next(),
    task: random.int(12),
    delayMs: random.chance(0.3) ? random.int(2_000) : 0,
  }
}
