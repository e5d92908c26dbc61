import type { RunEvent } from '@flotilla/domain'
import type { EventReader } from './event-feeds.ts'
import { HEARTBEAT_MS, SSE_HEARTBEAT, SSE_OPENING, sseFrame, type SseChunk } from './sse.ts'

const frameOf = (event: RunEvent): string =>
  sseFrame({ id: String(event.seq), event: event.type, data: JSON.stringify(event) })

const encoder = new TextEncoder()
/** By the array that a feed gives to all its readers: a thousand of them cost one encoding. */
const encoded = new WeakMap<readonly RunEvent[], Uint8Array<ArrayBuffer>>()

function framesOf(events: readonly RunEvent[]): Uint8Array<ArrayBuffer> {
  const frames = encoded.get(events) ?? encoder.encode(events.map(frameOf).join(''))
  encoded.set(events, frames)
  return frames
}

/** A run's events as frames, until its terminal event. */
export async function* eventFrames(reader: EventReader, signal: AbortSignal): AsyncGenerator<SseChunk, void> {
  try {
    yield SSE_OPENING
    for (;;) {
      const events = await reader.next(signal, HEARTBEAT_MS)
      if (events === null || signal.aborted) return
      yield events === 'idle' ? SSE_HEARTBEAT : framesOf(events)
    }
  } finally {
    reader.close()
  }
}
