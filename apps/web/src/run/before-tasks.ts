import type { RunEvent } from '@flotilla/domain'

/** Times in milliseconds since the epoch. */
export type Stage = Readonly<{ name: string; from: number; to: number }>

export const WAITING = 'waiting for a planner'
/** A plan that has cost nothing is told with the start: then the documents' time is in it, too. */
const PLANNING = 'planning and preparing documents'
const PREPARING = 'preparing documents'

/** What begins with an event, before a run's tasks do. */
const BEGINS: Partial<Record<RunEvent['type'], string>> = {
  'run.created': WAITING,
  'run.planning': PLANNING,
  'run.plan_ready': PREPARING,
  'run.awaiting_approval': 'awaiting its start',
  'run.paused': 'paused',
}
const ENDS: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>(['run.started', 'run.cancelled', 'run.failed'])

/** What a run did until its tasks could begin, or until now; without what took no time. */
export function beforeTasks(events: readonly RunEvent[], now: number): Stage[] {
  const stages: Stage[] = []
  let last: Readonly<{ name: string; from: number }> | null = null
  let resumesTo = PLANNING
  const end = (to: number): void => {
    if (last !== null && to > last.from) stages.push({ ...last, to })
    last = null
  }
  for (const { type, at } of events) {
    const from = Date.parse(at)
    const name: string | undefined = type === 'run.resumed' ? resumesTo : BEGINS[type]
    if (name === undefined && !ENDS.has(type)) continue
    if (type === 'run.paused' && last !== null) resumesTo = (last as Stage).name
    end(from)
    if (name === undefined) return named(stages)
    last = { name, from }
  }
  end(now)
  return named(stages)
}

/** The documents' time is named once. */
function named(stages: readonly Stage[]): Stage[] {
  const apart = stages.some(({ name }) => name === PREPARING)
  return stages.map((stage) => (apart && stage.name === PLANNING ? { ...stage, name: 'planning' } : stage))
}

export const lastedMs = (stages: readonly Stage[]): number => stages.reduce((sum, { from, to }) => sum + to - from, 0)

/** Each once, in the order in which they came. */
export function stageSums(stages: readonly Stage[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const { name, from, to } of stages) sums.set(name, (sums.get(name) ?? 0) + to - from)
  return sums
}

const WAITS_FOR_SOMEBODY: ReadonlySet<string> = new Set(['awaiting its start', 'paused'])

/** Whether they stand beside the tasks on one scale: what waited for a person would leave no room for them. */
export const isWorkAlone = (stages: readonly Stage[]): boolean =>
  !stages.some(({ name }) => WAITS_FOR_SOMEBODY.has(name))
