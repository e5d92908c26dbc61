import type { RunEvent, TaskStatus } from '@flotilla/domain'
import type { Hint, Hints } from '@flotilla/engine'
import type { EventReader } from './event-feeds.ts'
import { HEARTBEAT_MS, SSE_HEARTBEAT, SSE_OPENING, sseFrame } from './sse.ts'

export type TokenSource = Readonly<{
  hints: Hints
  /** The run's log from now on: it says when attempts begin and when the task has ended. */
  reader: EventReader
  runId: number
  idx: number
  taskKey: string
}>

/** Words that a slow reader has not taken; beyond, they are dropped and `gap` says so: nothing here is kept anyway. */
const PENDING_MAX_CHARS = 256 * 1024

const ENDS: Readonly<Partial<Record<RunEvent['type'], TaskStatus>>> = {
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.skipped': 'skipped',
  'task.cancelled': 'cancelled',
}

type Words = { pending: string; gap: boolean }

/**
 * What a task's model says while it says it: `delta` {text}, `attempt` {attempt} when a new one begins from nothing, `gap`
 * {} where words were dropped, `end` {status} last.
 */
export async function* tokenFrames(source: TokenSource, signal: AbortSignal): AsyncGenerator<string, void> {
  const words: Words = { pending: '', gap: false }
  let changed = Promise.withResolvers<void>()
  const unsubscribe = source.hints.subscribe((hint) => {
    if (collect(words, hint, source)) changed.resolve()
  })
  try {
    yield SSE_OPENING
    let coming = source.reader.next(signal, HEARTBEAT_MS)
    for (;;) {
      const events = await Promise.race([coming, changed.promise])
      if (signal.aborted || events === null) return
      changed = Promise.withResolvers<void>()
      const said = takeFrames(words)
      if (said !== '') yield said
      if (events === undefined) continue
      coming = source.reader.next(signal, HEARTBEAT_MS)
      if (events === 'idle') yield SSE_HEARTBEAT
      else {
        const told = eventFrames(events, source.taskKey)
        if (told.frames !== '') yield told.frames
        if (told.ended) return
      }
    }
  } finally {
    unsubscribe()
    source.reader.close()
  }
}

/** True when there is something new to say. */
function collect(words: Words, hint: Hint, { runId, idx }: TokenSource): boolean {
  if (!('stream' in hint) || hint.stream.runId !== runId || hint.stream.idx !== idx) return false
  words.pending += hint.stream.delta
  if (words.pending.length > PENDING_MAX_CHARS) {
    words.pending = ''
    words.gap = true
  }
  return true
}

function takeFrames(words: Words): string {
  const gap = words.gap ? sseFrame({ event: 'gap', data: '{}' }) : ''
  const delta = words.pending === '' ? '' : sseFrame({ event: 'delta', data: JSON.stringify({ text: words.pending }) })
  words.gap = false
  words.pending = ''
  return gap + delta
}

function eventFrames(events: readonly RunEvent[], taskKey: string): { frames: string; ended: boolean } {
  let frames = ''
  for (const event of events) {
    if (event.taskKey !== taskKey) continue
    const status = ENDS[event.type]
    if (event.type === 'task.started')
      frames += sseFrame({ event: 'attempt', data: JSON.stringify({ attempt: event.data['attempt'] ?? null }) })
    if (status !== undefined)
      return { frames: frames + sseFrame({ event: 'end', data: JSON.stringify({ status }) }), ended: true }
  }
  return { frames, ended: false }
}
