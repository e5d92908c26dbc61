import {
  amountText,
  leastNumber,
  type BudgetDimension,
  type PauseView,
  type RunView,
  type TaskSummaryView,
} from '@flotilla/domain'
import { keyMend, keyTrouble } from './key-text.ts'
import { atSecond } from './live/figures.ts'
import { oneLine } from './live/terminal-text.ts'

type Waiting = Pick<TaskSummaryView, 'key' | 'wait'>

/** Why tasks were handed back without a call, and until when; tasks that wait for the same are told together. */
export function waitLines(tasks: readonly Waiting[], now: number): string[] {
  const waiting = tasks.flatMap(({ key, wait }) => (wait === undefined ? [] : [{ key, ...wait }]))
  const together = Map.groupBy(waiting, ({ why, lane }) => `${lane ?? ''} ${why ?? ''}`)
  return [...together.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const until = group.map((each) => each.until).toSorted()[0] ?? first.until
    const lane = first.lane === null ? '' : ` for ${first.lane}`
    return [
      `  ${oneLine(`${namesOf(group)} ${whenText(until, now)}${lane}: ${first.why ?? 'no reason was recorded'}`)}`,
    ]
  })
}

/** A wait that is over, as in a paused run, ends when the task is looked at again. */
const whenText = (until: string, now: number): string =>
  Date.parse(until) > now ? `until ${atSecond(until)} UTC` : `next, after a wait until ${atSecond(until)} UTC`

const NAMED = 3

function namesOf(group: readonly Readonly<{ key: string }>[]): string {
  const names = group.slice(0, NAMED).map(({ key }) => key)
  return group.length > NAMED ? `${names.join(', ')} and ${group.length - NAMED} more` : names.join(', ')
}

/** Why a run rests. */
export const pauseText = ({ by, reason, since }: PauseView): string =>
  oneLine(`Paused since ${atSecond(since)} UTC, ${byOf(by, reason)}${reason === null ? '' : `: ${reason}`}`)

const byOf = (by: PauseView['by'], reason: string | null): string =>
  by === 'model_key' && keyTrouble(reason)?.is === 'no_quota' ? 'for the quota of its key is used up' : BY[by]

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
  if (pause?.by === 'model_key') return `${keyMend(pause.reason)}, then ${resume}`
  if (pause?.by !== 'budget' || pause.resumable === true) return resume
  if (pause.level === 'workspace') return `flotilla budget set ${largerLimit(pause)}`
  if (pause.level === 'task')
    return `nothing raises a task's own budget: flotilla runs cancel ${id}, and give it a larger one in the plan`
  return `flotilla runs budget ${id} ${largerLimit(pause)}`
}

/** What to say of a run that goes on resting after its budget was changed, or shown. */
export function stillRests(run: Pick<RunView, 'id' | 'status' | 'pause' | 'budget'>): string[] {
  const { status, pause } = run
  if (status !== 'paused' || pause?.by !== 'budget') return []
  const named = run.budget.limits['onExceeded']
  const policy = typeof named === 'string' ? named : 'degrade'
  if (pause.resumable === true && policy !== 'pause')
    return [`It rests until it is resumed, and then follows its policy (${policy}): ${toResume(run)}`]
  if (pause.resumable === true) return [`Its call fits now, and it rests until it is resumed: ${toResume(run)}`]
  const { needs } = pause
  const least =
    needs === undefined ? '' : `: the limit has to be at least ${amountText(needs.dimension, needs.least, 'up')}`
  return [`It still rests${least}. To let it go on: ${toResume(run)}`]
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
    : `${limitOption(needs)} (or more: ${needs.dimension === 'seconds' ? 'with less it would rest again at once' : 'the call that did not fit may need that'})`

export const limitOption = ({ dimension, least }: NonNullable<PauseView['needs']>): string =>
  `${OPTIONS[dimension]} ${leastNumber(dimension, least)}`
