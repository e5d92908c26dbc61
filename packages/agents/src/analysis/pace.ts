import type { AgentStats } from '@flotilla/domain'

/** How long work takes. `low` and `high` are the ends of the range, as factors of what is expected. */
export type Pace = Readonly<{ taskSeconds: number; judgementSeconds: number; low: number; high: number; basis: string }>

export type PaceInput = Readonly<{
  stats: readonly AgentStats[]
  /** The working model. */
  model: string
  roles: readonly string[]
  /** Model calls of a task. */
  calls: number
  simulated: boolean
}>

/** Fewer say more of themselves than of the next one. */
const LEAST_TASKS = 5
const CALL_SECONDS = 12
/** The offline model's: next to nothing, but where it has documents to compare. */
const SIMULATED_CALL_SECONDS = { plain: 0.05, searching: 0.6 }

/**
 * The mean of tasks on record: of these roles with this model, else of all with this model; else an assumption, with a wider
 * range.
 */
export function paceOf({ stats, model, roles, calls, simulated }: PaceInput): Pace {
  const ofModel = stats.filter((one) => one.model === model)
  const same = meanOf(ofModel.filter(({ role }) => roles.includes(role)))
  const known = same.tasks >= LEAST_TASKS ? same : meanOf(ofModel)
  if (known.tasks >= LEAST_TASKS) {
    const whose = known === same ? 'tasks of these roles' : 'tasks of other roles'
    return {
      taskSeconds: known.seconds,
      judgementSeconds: known.seconds / calls,
      low: 0.5,
      high: 2,
      basis: `${known.tasks} ${whose} with ${model} took ${text(known.seconds)} each`,
    }
  }
  const seconds = simulated ? SIMULATED_CALL_SECONDS[calls > 1 ? 'searching' : 'plain'] : CALL_SECONDS
  return {
    taskSeconds: calls * seconds,
    judgementSeconds: seconds,
    low: 0.25,
    high: 4,
    basis: `a guess of ${text(seconds)} a model call: fewer than ${LEAST_TASKS} tasks with ${model} are on record`,
  }
}

function meanOf(stats: readonly AgentStats[]): Readonly<{ tasks: number; seconds: number }> {
  const timed = stats.flatMap(({ runs, meanLatencyMs }) => (meanLatencyMs === null ? [] : [{ runs, meanLatencyMs }]))
  const tasks = timed.reduce((sum, { runs }) => sum + runs, 0)
  const ms = timed.reduce((sum, { runs, meanLatencyMs }) => sum + runs * meanLatencyMs, 0)
  return { tasks, seconds: tasks === 0 ? 0 : ms / tasks / 1_000 }
}

const text = (seconds: number): string => `${seconds < 10 ? Math.max(0.1, seconds).toFixed(1) : Math.round(seconds)} s`
