/** One message of a stream of Server-Sent Events. */
export type SseMessage = Readonly<{ event?: string; id?: string; data: string }>

const LINE_BREAK = /\r\n|\r|\n/

/** A line break would end a field and begin whatever stands after it. */
function field(name: string, value: string): string {
  if (LINE_BREAK.test(value)) throw new RangeError(`an SSE ${name} holds no line break, found ${JSON.stringify(value)}`)
  return `${name}: ${value}\n`
}

export function sseFrame({ event, id, data }: SseMessage): string {
  const lines = data.split(LINE_BREAK).map((line) => `data: ${line}\n`)
  return `${id === undefined ? '' : field('id', id)}${event === undefined ? '' : field('event', event)}${lines.join('')}\n`
}

/** Has clients come back this soon after a broken connection. */
export const SSE_OPENING = 'retry: 2000\n\n'
export const SSE_HEARTBEAT = ': heartbeat\n\n'
export const HEARTBEAT_MS = 15_000

/** Frames, as text or as they are sent. */
export type SseChunk = string | Uint8Array<ArrayBuffer>

/**
 * A response that is written as it is read: a client that does not take what it got is not written to. `frames` gets the
 * signal of the reader's end; nothing of it runs before the first read.
 */
export function sseResponse(frames: (signal: AbortSignal) => AsyncGenerator<SseChunk, void>): Response {
  const ended = new AbortController()
  let source: AsyncGenerator<SseChunk, void> | undefined
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        source ??= frames(ended.signal)
        const { done, value } = await source.next()
        if (done || ended.signal.aborted) controller.close()
        else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value)
      },
      async cancel() {
        ended.abort()
        await source?.return()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}
