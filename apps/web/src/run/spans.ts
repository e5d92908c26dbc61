import type { RunEvent } from '@flotilla/domain'

/** What a task's time went to: waiting for a worker, held back, the model's calls, tools, judges, or else of an attempt. */
export type SpanKind = 'wait' | 'gate' | 'model' | 'tool' | 'verify' | 'other'
/**
 * In milliseconds since the epoch; `to` null while it lasts. A span of an attempt counts as the model's once a turn ends it, or
 * where it came after tools; while it lasts it is taken for one. `resumes`: of a pause of the run, what goes on after it.
 */
export type Span = Readonly<{ kind: SpanKind; from: number; to: number | null; resumes?: SpanKind }>
type Spans = readonly Span[]

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

/** A task's spans after one more of its events. `paused`: the run is, so that what begins is held back. */
export function addSpan(spans: Spans, { type, at, data }: RunEvent, paused: boolean): Spans {
  const now = Date.parse(at)
  if (type === 'task.turn')
    return endTurn(callFrom(spans, data['startedAt'], now), data['stopReason'] === 'tool_calls' ? 'tool' : 'other', now)
  if (type === 'task.tool_called') return endTools(spans, now)
  const next = BEGINS[type]
  if (next === undefined) return spans
  const done = endSpans(spans, now)
  return next === null ? done : [...done, paused ? held(next, now) : { kind: next, from: now, to: null }]
}

/** Ends what lasts. After tools that is a call which was cut off; an attempt without a turn is not known to have made one. */
export function endSpans(spans: Spans, now: number): Spans {
  const [before, last] = [spans.at(-2), spans.at(-1)]
  const called = before?.kind === 'tool' && before.to === last?.from
  return closed(spans, last?.kind === 'model' && !called ? 'other' : last?.kind, now)
}

/** The run is paused: what is under way is held back until it goes on. */
export function pauseSpans(spans: Spans, now: number): Spans {
  const last = spans.at(-1)
  if (last === undefined || last.to !== null || last.kind === 'gate') return spans
  return [...closed(spans, last.kind, now), held(last.kind, now)]
}

/** What a pause held back goes on, or is begun anew by an event that follows. */
export function resumeSpans(spans: Spans, now: number): Spans {
  const last = spans.at(-1)
  if (last?.resumes === undefined || last.to !== null) return spans
  return [...closed(spans, 'gate', now), { kind: last.resumes, from: now, to: null }]
}

const held = (kind: SpanKind, now: number): Span => ({
  kind: 'gate',
  from: now,
  to: null,
  resumes: kind === 'model' ? 'other' : kind,
})

/** What took no time is left out. */
function closed(spans: Spans, kind: SpanKind | undefined, now: number): Spans {
  const last = spans.at(-1)
  if (last === undefined || kind === undefined || last.to !== null) return spans
  const before = spans.slice(0, -1)
  return last.from === now ? before : [...before, { kind, from: last.from, to: now }]
}

/** A turn tells when its call began: what came before is the attempt's own, such as putting its prompt together. */
function callFrom(spans: Spans, startedAt: unknown, now: number): Spans {
  const last = spans.at(-1)
  const from = typeof startedAt === 'string' ? Date.parse(startedAt) : Number.NaN
  if (last?.kind !== 'model' || last.to !== null || !(from > last.from && from < now)) return spans
  return [...closed(spans, 'other', from), { kind: 'model', from, to: null }]
}

/** A turn tells that what led to it was a call, also one that a pause found under way. */
function endTurn(spans: Spans, next: SpanKind, now: number): Spans {
  const last = spans.at(-1)
  if (last === undefined || last.to !== null) return spans
  if (last.resumes !== undefined) return [...spans.slice(0, -1), { ...last, resumes: next }]
  if (last.kind !== 'model' && last.kind !== 'other') return spans
  return [...closed(spans, 'model', now), { kind: next, from: now, to: null }]
}

/** Tools of a turn run side by side and each tells its end: the last one ends them all, and the next model call begins. */
function endTools(spans: Spans, now: number): Spans {
  const [before, last] = spans.slice(-2)
  const model: Span = { kind: 'model', from: now, to: null }
  if (spans.at(-1)?.kind === 'tool') return [...closed(spans, 'tool', now), model]
  if (last?.kind === 'model' && before?.kind === 'tool' && before.to === last.from)
    return [...spans.slice(0, -2), { ...before, to: now }, model]
  return spans
}
