import { loadPerTask, takeSample, type Watched } from './machine/load.ts'
import { percentile } from './report/statistics.ts'
import type { ShapeName } from './options.ts'

/** Ms from a run's submission until it has ended, and until the submitter has heard of that. */
export type Latency = Readonly<{ endedMs: number; heardMs: number }>

/** Something that runs runs of one shape. */
export interface Subject {
  /** Submits this many runs at once; answers the ms from the first submission to the last end. */
  runMany(count: number): Promise<number>
  /** Runs one alone. */
  runOne(): Promise<Latency>
}

const FIRST: Readonly<Record<ShapeName, number>> = { 'diamond-10': 40, 'chain-10': 40, 'fan-100': 4 }
const MOST: Readonly<Record<ShapeName, number>> = { 'diamond-10': 5_000, 'chain-10': 5_000, 'fan-100': 500 }
export const LATENCY_RUNS = 30

/** How many runs last about `seconds`, learnt after one round that only warms up. */
export async function calibrate(subject: Subject, shape: ShapeName, seconds: number): Promise<number> {
  const count = FIRST[shape]
  await subject.runMany(count)
  const ms = await subject.runMany(count)
  return runsFor({ count, ms, seconds, most: MOST[shape] })
}

export type Pace = Readonly<{ count: number; ms: number; seconds: number; most: number }>

/** Never fewer than were tried: a short round tells less than a long one costs. */
export const runsFor = ({ count, ms, seconds, most }: Pace): number =>
  Math.min(most, Math.max(count, Math.round((count * seconds * 1000) / ms)))

/** Runs this many at once, and says how fast and at what cost. */
export async function measureRate(
  watched: Watched,
  { runs, tasks }: Readonly<{ runs: number; tasks: number }>,
  run: (count: number) => Promise<number>,
): Promise<Record<string, number>> {
  const before = await takeSample(watched)
  const ms = await run(runs)
  const after = await takeSample(watched)
  const all = runs * tasks
  return { runs, 'tasks/s': (all * 1000) / ms, ...loadPerTask(before, after, all) }
}

/** Runs some alone, one after the other. */
export async function measureLatency(subject: Subject): Promise<Record<'p50' | 'p95' | 'heard', number>> {
  const latencies: Latency[] = []
  for (let i = 0; i < LATENCY_RUNS; i += 1) latencies.push(await subject.runOne())
  const ended = latencies.map(({ endedMs }) => endedMs)
  const heard = latencies.map(({ heardMs }) => heardMs)
  return { p50: percentile(ended, 50), p95: percentile(ended, 95), heard: percentile(heard, 50) }
}
