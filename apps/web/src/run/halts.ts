import { isTerminalRun, type RunEvent, type RunView } from '@flotilla/domain'
import { duration } from '../format/quantities.ts'
import { sentenceEnd } from '../format/sentence.ts'
import { fullTime } from '../format/times.ts'
import { RUN_LOOKS } from '../state/tones.ts'

export const PAUSERS = { user: 'a person', budget: 'its budget', model_key: 'a provider that refuses its key' } as const

const pauserOf = (by: unknown): string => (by === 'budget' || by === 'model_key' ? PAUSERS[by] : PAUSERS.user)

/** When a run was paused, in milliseconds since the epoch. */
type Pause = Readonly<{ from: number; to: number }>
const ENDS_PAUSE: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>([
  'run.resumed',
  'run.completed',
  'run.failed',
  'run.cancelled',
])

export const pausesOf = (events: readonly RunEvent[], now: number): Pause[] =>
  events.flatMap(({ type, at }, i) => {
    if (type !== 'run.paused') return []
    const end = events.slice(i).find((event) => ENDS_PAUSE.has(event.type))
    return [{ from: Date.parse(at), to: end === undefined ? now : Date.parse(end.at) }]
  })

/** How much of these spans was in a pause. */
export const pausedMs = (
  spans: readonly Readonly<{ from: number; to: number | null }>[],
  pauses: readonly Pause[],
  now: number,
): number =>
  spans
    .flatMap(({ from, to }) => pauses.map((pause) => Math.min(to ?? now, pause.to) - Math.max(from, pause.from)))
    .reduce((sum, ms) => sum + Math.max(0, ms), 0)

/** When a run was paused, went on, was cancelled or failed: a sentence each. */
export function haltTexts(run: RunView, events: readonly RunEvent[]): string[] {
  let pausedAt: number | null = null
  const texts: string[] = []
  for (const { type, at, data } of events) {
    const when = fullTime(at)
    if (type === 'run.paused') {
      pausedAt = Date.parse(at)
      const why = typeof data['reason'] === 'string' ? `: ${data['reason']}` : ''
      texts.push(sentenceEnd(`It was paused by ${pauserOf(data['by'])} on ${when}${why}`))
    }
    if (type === 'run.resumed')
      texts.push(
        `It was resumed on ${when}${pausedAt === null ? '' : `, after ${duration(Date.parse(at) - pausedAt)}`}.`,
      )
    if (type === 'run.cancelled') texts.push(`It was cancelled on ${when}${whereText(run)}.`)
    if (type === 'run.failed')
      texts.push(sentenceEnd(`It failed on ${when}${run.error === null ? '' : `: ${run.error.message}`}`))
  }
  return texts
}

function whereText({ status, cancellation, progress }: RunView): string {
  if (!isTerminalRun(status) || cancellation === null) return ''
  const done =
    progress.total === 0 ? 'before it had tasks' : `with ${progress.completed} of ${progress.total} tasks done`
  return `, while ${RUN_LOOKS[cancellation.was].label}, ${done}`
}
