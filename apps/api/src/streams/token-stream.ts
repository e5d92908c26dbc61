import type { RunEvent, TaskStatus } from '@flotilla/domain'
import { WANTED_EVERY_MS, type Hint, type Hints } from '@flotilla/engine'
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

/** `shown`: characters that were sent and not taken back. `takeBack`: of them, before what is pending. */
type Words = { pending: string; gap: boolean; shown: number; takeBack: number }

/**
 * What a task's model says while it says it: `delta` {text}, `attempt` {attempt} when a new one begins from nothing, `restart`
 * {takeBack} where the last so many characters are void, since the call was made again, `gap` {} where words were dropped,
 * `end` {status} last.
 */
export async function* tokenFrames(source: TokenSource, signal: AbortSignal): AsyncGenerator<string, void> {
  const words: Words = { pending: '', gap: false, shown: 0, takeBack: 0 }
  let changed = Promise.withResolvers<void>()
  const unsubscribe = source.hints.subscribe((hint) => {
    if (collect(words, hint, source)) changed.resolve()
  })
  const { runId, idx } = source
  const want = (): void => source.hints.publish({ wanted: { runId, idx } })
  want()
  const wanting = setInterval(want, WANTED_EVERY_MS)
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
    clearInterval(wanting)
    unsubscribe()
    source.reader.close()
  }
}

/** True when there is something new to say. */
function collect(words: Words, hint: Hint, { runId, idx }: TokenSource): boolean {
  if (!('stream' in hint) || hint.stream.runId !== runId || hint.stream.idx !== idx) return false
  takeBack(words, hint.stream.takeBack ?? 0)
  words.pending += hint.stream.delta
  if (words.pending.length > PENDING_MAX_CHARS) {
    words.pending = ''
    words.gap = true
  }
  return true
}

/** What was not sent yet goes unseen; of the rest a reader is told, as far as it was there to see it. */
function takeBack(words: Words, characters: number): void {
  const unsent = Math.min(characters, words.pending.length)
  words.pending = words.pending.slice(0, words.pending.length - unsent)
  const sent = Math.min(characters - unsent, words.shown)
  words.takeBack += sent
  words.shown -= sent
}

function takeFrames(words: Words): string {
  const gap = words.gap ? sseFrame({ event: 'gap', data: '{}' }) : ''
  const delta = words.pending === '' ? '' : sseFrame({ event: 'delta', data: JSON.stringify({ text: words.pending }) })
  const back =
    words.takeBack === 0 ? '' : sseFrame({ event: 'restart', data: JSON.stringify({ takeBack: words.takeBack }) })
  words.shown += words.pending.length
  words.gap = false
  words.pending = ''
  words.takeBack = 0
  return back + gap + delta
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
