import { isTerminalEvent, isTerminalRun, PAGE_MAX, type RunEvent, type RunView } from '@flotilla/domain'
import { ProblemError } from './errors.ts'
import { readEventStream } from './event-stream.ts'
import { pause } from './pause.ts'
import type { CallOptions, Transport } from './transport.ts'

export interface FollowOptions extends CallOptions {
  /** The last sequence number that is known already; 0 for all events. */
  readonly after?: number | undefined
  /** How long the server may be out of reach before its error is thrown. */
  readonly patienceMs?: number | undefined
  /** Silence after which a connection counts as dead. */
  readonly idleMs?: number | undefined
  /** Told of every stream that broke, with its error. */
  readonly onDrop?: ((error: unknown) => void) | undefined
  /** Told once when the server is out of reach, with the error, and once with null when it is back. */
  readonly onContact?: ((lost: unknown) => void) | undefined
  /** Pause after the connection with this number that brought nothing, counted from 0. */
  readonly backoffMs?: ((failures: number) => number) | undefined
}

/** The cursor is the last `seq` of the page. `trimmed`: a run so old that the events of its tasks are gone. */
export type EventPage = Readonly<{
  items: readonly RunEvent[]
  nextCursor: string | number | null
  trimmed?: boolean
}>
export type EventQuery = Readonly<{ after?: number | undefined; limit?: number | undefined }>

const PATIENCE_MS = 120_000
const IDLE_MS = 45_000
const backoff = (failures: number): number =>
  Math.min(5_000, 100 * 2 ** Math.min(failures, 10)) * (0.75 + Math.random() / 2)

interface Reading {
  readonly transport: Transport
  readonly id: string
  readonly options: FollowOptions
  last: number
  heardAt: number
  lost: boolean
}

/**
 * Every event of a run in order, each once, until its terminal event; quietly less when the signal aborts. A stream that
 * breaks is taken up again after the last event; what it left out is read from the page. Throws ProblemError when the server
 * refuses, and the last error once the server has been out of reach for `patienceMs`.
 */
export async function* followRun(
  transport: Transport,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<RunEvent, void> {
  const { signal, patienceMs = PATIENCE_MS, backoffMs = backoff } = options
  const reading: Reading = { transport, id, options, last: options.after ?? 0, heardAt: performance.now(), lost: false }
  for (let failures = 0; ; failures += 1) {
    if (signal?.aborted) return
    const from = reading.last
    try {
      if ((yield* streamed(reading)) || (yield* caughtUp(reading))) return
    } catch (error) {
      if (signal?.aborted) return
      if (isRefusal(error) || performance.now() - reading.heardAt > patienceMs) throw error
      if (!reading.lost) options.onContact?.(error)
      reading.lost = true
    }
    if (reading.last > from) failures = 0
    await pause(backoffMs(failures), signal)
  }
}

function heard(reading: Reading): void {
  reading.heardAt = performance.now()
  if (reading.lost) reading.options.onContact?.(null)
  reading.lost = false
}

/** What one connection brings; true after the terminal event. A connection that breaks is no error: the page is asked next. */
async function* streamed(reading: Reading): AsyncGenerator<RunEvent, boolean> {
  const { options } = reading
  const idleMs = options.idleMs ?? IDLE_MS
  try {
    for await (const event of readEventStream((signal) => openStream(reading, signal), {
      signal: options.signal,
      idleMs,
    })) {
      if (event.seq > reading.last + 1) yield* paged(reading)
      if (event.seq <= reading.last) continue
      if (event.seq > reading.last + 1) throw new Error(`event ${reading.last + 1} of ${reading.id} is missing`)
      reading.last = event.seq
      yield event
      if (isTerminalEvent(event.type)) return true
    }
  } catch (error) {
    if (options.signal?.aborted || isRefusal(error)) throw error
    options.onDrop?.(error)
  }
  return false
}

/**
 * What the page has beyond the stream; true when there is nothing more to come. The run is asked before the page: all events
 * of a run that is over stand in the page, also where whoever follows knew the terminal one already.
 */
async function* caughtUp(reading: Reading): AsyncGenerator<RunEvent, boolean> {
  const { transport, id, options } = reading
  const path = `/v1/runs/${encodeURIComponent(id)}`
  const run = await transport.json<RunView>({ method: 'GET', path, repeatable: true, signal: options.signal })
  yield* paged(reading)
  heard(reading)
  return isTerminalRun(run.status)
}

async function* paged(reading: Reading): AsyncGenerator<RunEvent, void> {
  for (;;) {
    const query = { after: reading.last, limit: PAGE_MAX }
    const page = await readEventPage(reading.transport, reading.id, query, reading.options)
    for (const event of page.items) {
      if (event.seq <= reading.last) continue
      reading.last = event.seq
      yield event
    }
    if (page.items.length < PAGE_MAX) return
  }
}

async function openStream(reading: Reading, signal: AbortSignal): Promise<Response> {
  const { transport, id, last } = reading
  const response = await transport.send({
    method: 'GET',
    path: `/v1/runs/${encodeURIComponent(id)}/events/stream`,
    accept: 'text/event-stream',
    headers: last > 0 ? { 'last-event-id': String(last) } : {},
    repeatable: false,
    stream: true,
    signal,
  })
  heard(reading)
  return response
}

export function readEventPage(
  transport: Transport,
  id: string,
  query: EventQuery,
  { signal }: CallOptions,
): Promise<EventPage> {
  const path = `/v1/runs/${encodeURIComponent(id)}/events`
  return transport.json<EventPage>({ method: 'GET', path, query, repeatable: true, signal })
}

/** The server has understood and refused; waiting will not change its mind. */
const isRefusal = (error: unknown): boolean =>
  error instanceof ProblemError && error.status < 500 && ![408, 425, 429].includes(error.status)
