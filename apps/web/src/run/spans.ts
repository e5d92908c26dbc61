import type { RunEvent } from '@flotilla/domain'

/** What a task's time went to: waiting for a worker, held back, the model's call, tools, judges. */
export type SpanKind = 'wait' | 'gate' | 'model' | 'tool' | 'verify'
/** In milliseconds since the epoch; `to` null while it lasts. */
export type Span = Readonly<{ kind: SpanKind; from: number; to: number | null }>

/** What begins with an event; null: nothing more of the task. */
const BEGINS: Partial<Record<RunEvent['type'], SpanKind | null>> = {
  'task.ready': 'wait',
  'task.started': 'model',
  'task.verifying': 'verify',
  'task.revising': 'wait',
  'task.retrying': 'gate',
  'task.recovered': 'wait',
  'approval.requested': 'gate',
  'approval.decided': 'wait',
  'task.completed': null,
  'task.failed': null,
  'task.skipped': null,
  'task.cancelled': null,
}

/** A task's spans after one more of its events. */
export function addSpan(spans: readonly Span[], { type, at, data }: RunEvent): readonly Span[] {
  const now = Date.parse(at)
  if (type === 'task.turn') return data['stopReason'] === 'tool_calls' ? turnInto(spans, 'tool', now) : spans
  if (type === 'task.tool_called') return endTools(spans, now)
  const next = BEGINS[type]
  if (next === undefined) return spans
  return next === null ? ended(spans, now) : turnInto(spans, next, now)
}

function ended(spans: readonly Span[], now: number): readonly Span[] {
  const last = spans.at(-1)
  if (last === undefined || last.to !== null) return spans
  return [...spans.slice(0, -1), { ...last, to: now }]
}

const turnInto = (spans: readonly Span[], kind: SpanKind, now: number): readonly Span[] => [
  ...ended(spans, now),
  { kind, from: now, to: null },
]

/** Tools of a turn run side by side and each tells its end: the last one ends them all, and the next model call begins. */
function endTools(spans: readonly Span[], now: number): readonly Span[] {
  const [before, last] = spans.slice(-2)
  if (last?.kind === 'tool') return turnInto(spans, 'model', now)
  if (last?.kind === 'model' && before?.kind === 'tool' && before.to === last.from)
    return [...spans.slice(0, -2), { ...before, to: now }, { ...last, from: now }]
  return spans
}
