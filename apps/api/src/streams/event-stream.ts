import type { RunEvent } from '@flotilla/domain'
import type { EventReader } from './event-feeds.ts'
import { HEARTBEAT_MS, SSE_HEARTBEAT, SSE_OPENING, sseFrame } from './sse.ts'

const frameOf = (event: RunEvent): string =>
  sseFrame({ id: String(event.seq), event: event.type, data: JSON.stringify(event) })

/** A run's events as frames, until its terminal event. */
export async function* eventFrames(reader: EventReader, signal: AbortSignal): AsyncGenerator<string, void> {
  try {
    yield SSE_OPENING
    for (;;) {
      const events = await reader.next(signal, HEARTBEAT_MS)
      if (events === null || signal.aborted) return
      yield events === 'idle' ? SSE_HEARTBEAT : events.map(frameOf).join('')
    }
  } finally {
    reader.close()
  }
}
