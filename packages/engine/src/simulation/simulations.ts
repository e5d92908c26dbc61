import { drawSchedule, type Fault, type Schedule, type Weather } from './schedule.ts'
import { simulate } from './world.ts'

/** Schedules under way at a time: they share the turns of the event loop, and nothing else. */
const AT_ONCE = 64
const MAX_SHRINKS = 300

export type Simulated = Readonly<{
  schedules: number
  calls: number
  /** Types of events that some schedule has had. */
  events: ReadonlySet<string>
  /** The first schedule with a violation, and as little of it as has the same; null: all went well. */
  failure: string | null
}>

/** The schedules of the seeds from `seed` on; ends with the first that goes wrong. */
export async function runSimulations({
  seed,
  schedules,
}: Readonly<{ seed: number; schedules: number }>): Promise<Simulated> {
  const events = new Set<string>()
  let [next, calls] = [0, 0]
  const failed: Schedule[] = []
  const lane = async (): Promise<void> => {
    while (next < schedules && failed.length === 0) {
      const schedule = drawSchedule(seed + next++)
      const told = await simulate(schedule)
      calls += told.calls
      for (const event of told.events) events.add(event)
      if (told.violations.length > 0) failed.push(schedule)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  const [first] = failed.toSorted((a, b) => a.seed - b.seed)
  return { schedules: next, calls, events, failure: first ? await describe(first) : null }
}

async function describe(schedule: Schedule): Promise<string> {
  const { violations } = await simulate(schedule)
  const kind = violations[0]?.kind ?? 'nothing, when run again'
  const shrunk = await shrink(schedule, kind)
  const after = await simulate(shrunk)
  return [
    `schedule ${schedule.seed}: ${violations.map((each) => `${each.kind} at ${each.at} ms (${each.detail})`).join('; ')}`,
    `replay: FLOTILLA_SIM_SEED=${schedule.seed} FLOTILLA_SIM_SCHEDULES=1 npx vitest run --project unit simulation.test`,
    `shrunk, ${after.violations.map((each) => `${each.kind} at ${each.at} ms (${each.detail})`).join('; ')}:`,
    JSON.stringify(shrunk, null, 1),
  ].join('\n')
}

/** Leaves out whatever can be left out while the same kind of violation stays. */
async function shrink(schedule: Schedule, kind: string): Promise<Schedule> {
  let smallest = schedule
  let tries = 0
  for (let shrunk = true; shrunk && tries < MAX_SHRINKS;) {
    shrunk = false
    for (const smaller of smallerThan(smallest)) {
      if (++tries > MAX_SHRINKS) break
      const { violations } = await simulate(smaller)
      if (violations[0]?.kind !== kind) continue
      smallest = smaller
      shrunk = true
      break
    }
  }
  return smallest
}

function* smallerThan(schedule: Schedule): Generator<Schedule> {
  const { faults, runs, workers, weather } = schedule
  for (const n of faults.keys()) yield { ...schedule, faults: faults.toSpliced(n, 1) }
  for (const key of Object.keys(weather) as (keyof Weather)[])
    if (weather[key] > 0) yield { ...schedule, weather: { ...weather, [key]: 0 } }
  if (runs.length > 1)
    yield {
      ...schedule,
      runs: runs.slice(0, -1),
      faults: faults.filter((fault) => isOf(fault, 'run', runs.length - 1)),
    }
  if (workers.length > 1)
    yield {
      ...schedule,
      workers: workers.slice(0, -1),
      faults: faults.filter((fault) => isOf(fault, 'worker', workers.length - 1)),
    }
  for (const [n, run] of runs.entries())
    if (run.tasks.length > 1) yield { ...schedule, runs: runs.with(n, { ...run, tasks: run.tasks.slice(0, -1) }) }
}

/** Whether a fault strikes one of the first `n`, or none at all. */
const isOf = (fault: Fault, key: 'run' | 'worker', n: number): boolean =>
  !(key in fault) || (fault as Readonly<Record<string, unknown>>)[key] !== n
