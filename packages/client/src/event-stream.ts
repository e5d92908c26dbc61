import { FlotillaError, type RunEvent } from '@flotilla/domain'
import { createParser } from 'eventsource-parser'

export interface EventStreamOptions {
  readonly signal?: AbortSignal | undefined
  /** Silence after which the connection counts as dead; the server sends a heartbeat every 15 s. */
  readonly idleMs: number
}

const EVENT_MAX_CHARS = 16_000_000

/**
 * The events of one connection. Ends when the server ends it; throws when it breaks, falls silent or says something that is
 * no event. `open` gets the signal that ends the request.
 */
export async function* readEventStream(
  open: (signal: AbortSignal) => Promise<Response>,
  { signal, idleMs }: EventStreamOptions,
): AsyncGenerator<RunEvent, void> {
  const end = new AbortController()
  const silence = createSilence(idleMs, () => end.abort(new Error(`the stream was silent for ${idleMs} ms`)))
  try {
    const response = await open(signal === undefined ? end.signal : AbortSignal.any([end.signal, signal]))
    // A reader, since not every browser iterates over a body.
    const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader()
    if (reader === undefined) return
    const events: RunEvent[] = []
    const parser = createParser({
      onEvent: ({ data }) => events.push(parseEvent(data)),
      maxBufferSize: EVENT_MAX_CHARS,
    })
    const decoder = new TextDecoder()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      silence.broken()
      parser.feed(decoder.decode(part.value, { stream: true }))
      yield* events.splice(0)
      // The consumer's own time is no silence.
      silence.broken()
    }
  } finally {
    silence.end()
    end.abort()
  }
}

function createSilence(ms: number, call: () => void): { broken(): void; end(): void } {
  let timer = setTimeout(call, ms)
  return {
    broken() {
      clearTimeout(timer)
      timer = setTimeout(call, ms)
    },
    end: () => clearTimeout(timer),
  }
}

function parseEvent(data: string): RunEvent {
  const value: unknown = JSON.parse(data)
  if (isEvent(value)) return value
  throw new FlotillaError('unexpected_answer', `expected an event in the stream, found ${data.slice(0, 100)}`)
}

/** Looser than the schema: an event type that a newer server has is no reason to stop. */
function isEvent(value: unknown): value is RunEvent {
  if (typeof value !== 'object' || value === null) return false
  return 'seq' in value && Number.isInteger(value.seq) && 'type' in value && typeof value.type === 'string'
}
