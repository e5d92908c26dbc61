import { leastNumber, type BudgetDimension, type PauseView, type RunView, type TaskSummaryView } from '@flotilla/domain'
import { atSecond } from './live/figures.ts'
import { oneLine } from './live/terminal-text.ts'

type Waiting = Pick<TaskSummaryView, 'key' | 'wait'>

/** Why tasks were handed back without a call, and until when; tasks that wait for the same are told together. */
export function waitLines(tasks: readonly Waiting[]): string[] {
  const waiting = tasks.flatMap(({ key, wait }) => (wait === undefined ? [] : [{ key, ...wait }]))
  const together = Map.groupBy(waiting, ({ why, lane }) => `${lane ?? ''} ${why ?? ''}`)
  return [...together.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const until = group.map((each) => each.until).toSorted()[0] ?? first.until
    const lane = first.lane === null ? '' : ` for ${first.lane}`
    return [
      `  ${oneLine(`${namesOf(group)} until ${atSecond(until)} UTC${lane}: ${first.why ?? 'no reason was recorded'}`)}`,
    ]
  })
}

const NAMED = 3

function namesOf(group: readonly Readonly<{ key: string }>[]): string {
  const names = group.slice(0, NAMED).map(({ key }) => key)
  return group.length > NAMED ? `${names.join(', ')} and ${group.length - NAMED} more` : names.join(', ')
}

/** Why a run rests. */
export const pauseText = ({ by, reason, since }: PauseView): string =>
  oneLine(`Paused since ${atSecond(since)} UTC, ${BY[by]}${reason === null ? '' : `: ${reason}`}`)

/** What whoever follows a run is told when it is paused; `waits`: that goes on meanwhile. */
export const restLines = (run: Pick<RunView, 'id' | 'pause'>, waits: boolean): string[] => [
  run.pause === undefined ? `${run.id} is paused.` : pauseText(run.pause),
  `To let it go on: ${toResume(run)}`,
  ...(waits ? [] : [`To watch it then: flotilla runs watch ${run.id}`]),
]

const BY: Readonly<Record<PauseView['by'], string>> = {
  user: 'by a user',
  budget: 'by its budget',
  model_key: 'for a provider refuses its key',
}

/** What to type so that a paused run goes on. */
export function toResume({ id, pause }: Pick<RunView, 'id' | 'pause'>): string {
  const resume = `flotilla runs resume ${id}`
  if (pause?.by === 'model_key') return `correct the key and restart what uses it, then ${resume}`
  if (pause?.by !== 'budget') return resume
  if (pause.level === 'workspace') return `flotilla budget set ${largerLimit(pause)}`
  if (pause.level === 'task')
    return `nothing raises a task's own budget: flotilla runs cancel ${id}, and give it a larger one in the plan`
  return `flotilla runs budget ${id} ${largerLimit(pause)}`
}

const OPTIONS: Readonly<Record<BudgetDimension, string>> = {
  costUsd: '--usd',
  tokens: '--tokens',
  toolCalls: '--tool-calls',
  seconds: '--seconds',
}

/** The option of the limit that was too small, with what it has to be at least. */
const largerLimit = ({ needs }: PauseView): string =>
  needs === undefined
    ? '--usd MORE (or --tokens, --tool-calls, --seconds)'
    : `${OPTIONS[needs.dimension]} ${leastNumber(needs.dimension, needs.least)} (or more: the call that did not fit may need that)`
