import { duration } from '../format/quantities.ts'
import type { RunFold } from '../run/fold.ts'
import type { Span } from '../run/spans.ts'
import { sumSpans } from '../run/timeline-scale.ts'

/** Less is in every task, and says nothing. */
const LEAST_MS = 1_000

/** What of a task's time, from its first start to its end, was no work: from the log that the run's waits are told from. */
export function waitsText({ tasks, events }: RunFold, taskKey: string): string | null {
  const { startedAt: from = null, finishedAt: to = null, spans = [] } = tasks.get(taskKey) ?? {}
  if (from === null || to === null) return null
  const within = (span: Span): Span => ({
    kind: span.kind,
    from: Math.max(span.from, from),
    to: Math.min(span.to ?? to, to),
  })
  const paused = sumSpans(pausesOf(events).map(within), to).gate
  const { wait, gate } = sumSpans(spans.map(within), to)
  const parts = [
    { ms: paused, text: 'its run was paused' },
    { ms: wait, text: 'it waited for a place' },
    { ms: gate - paused, text: 'it was held back, by another try’s time or an approval' },
  ]
    .filter(({ ms }) => ms >= LEAST_MS)
    .map(({ ms, text }) => `${text} (${duration(ms)})`)
  return parts.length === 0 ? null : `Of that time ${parts.join(', ')}.`
}

function pausesOf(events: RunFold['events']): Span[] {
  const pauses: Span[] = []
  let since: number | null = null
  for (const { type, at } of events) {
    if (type === 'run.paused') since ??= Date.parse(at)
    if (type !== 'run.resumed' || since === null) continue
    pauses.push({ kind: 'gate', from: since, to: Date.parse(at) })
    since = null
  }
  return since === null ? pauses : [...pauses, { kind: 'gate', from: since, to: null }]
}
