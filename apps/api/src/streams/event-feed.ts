import { isTerminalEvent, type RunEvent } from '@flotilla/domain'
import type { Timers } from '@flotilla/runtime'

export type FeedRun = Readonly<{ workspaceId: number; id: number; uid: string }>

export type FeedOptions = Readonly<{
  readPage: (run: FeedRun, after: number, limit: number) => Promise<readonly RunEvent[]>
  timers: Timers
  now: () => number
  /** Between two reads of a run's new events, however many hints come. */
  minGapMs: number
  onError: (error: unknown) => void
}>

const PAGE = 500
/** Events kept for readers that are close behind; others read for themselves. */
const KEPT = 1_000

/** New events of one run, read once for all that follow it. */
export class EventFeed {
  readonly run: FeedRun
  readonly #options: FeedOptions
  /** Without a gap, and up to `#tail`. */
  #recent: readonly RunEvent[] = []
  /** The last of them from a number on: readers that are equally far get the same array, and what is made of it once. */
  #parts = new Map<number, readonly RunEvent[]>()
  #tail: number
  /** The terminal event is among what was read. */
  #over = false
  /** Nothing comes any more: the run was deleted, nobody reads, or the process drains. */
  #gone = false
  #reading = false
  #asked = false
  #lastReadAt = -Infinity
  #cancelTimer: (() => void) | undefined
  readonly #waiting = new Set<() => void>()

  /** Follows what comes after `tail`. */
  constructor(run: FeedRun, tail: number, options: FeedOptions) {
    this.run = run
    this.#tail = tail
    this.#options = options
  }

  get tail(): number {
    return this.#tail
  }

  /** Reads what is new, soon; calls that come meanwhile share the read after. */
  refresh(): void {
    this.#asked = true
    if (this.#reading || this.#gone || this.#over || this.#cancelTimer !== undefined) return
    const { timers, now, minGapMs } = this.#options
    this.#cancelTimer = timers.after(Math.max(0, this.#lastReadAt + minGapMs - now()), () => void this.#read())
  }

  /** Ends every reader. */
  close(): void {
    this.#gone = true
    this.#cancelTimer?.()
    this.#wakeAll()
  }

  /** The events after a number that are at hand, or read for this caller alone; empty: none yet; null: none ever. */
  async take(after: number): Promise<readonly RunEvent[] | null> {
    if (this.#gone) return null
    if (after >= this.#tail) return this.#over ? null : []
    const first = this.#recent[0]?.seq ?? this.#tail + 1
    return after + 1 >= first ? this.#part(after + 1 - first) : this.#options.readPage(this.run, after, PAGE)
  }

  /** Resolves when there may be more after a number, the signal aborts or the time is over. */
  async wait(after: number, signal: AbortSignal, ms: number): Promise<void> {
    // Checked here, with no await before it: what came since the caller's `take` would wake nobody.
    if (this.#gone || this.#over || this.#tail > after || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    const cancel = this.#options.timers.after(ms, wake)
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake, { once: true })
    await promise
    cancel()
    this.#waiting.delete(wake)
    signal.removeEventListener('abort', wake)
  }

  #part(from: number): readonly RunEvent[] {
    const part = this.#parts.get(from) ?? this.#recent.slice(from)
    this.#parts.set(from, part)
    return part
  }

  async #read(): Promise<void> {
    this.#cancelTimer = undefined
    this.#reading = true
    this.#asked = false
    this.#lastReadAt = this.#options.now()
    try {
      let events: readonly RunEvent[]
      do {
        events = await this.#options.readPage(this.run, this.#tail, PAGE)
        this.#append(events)
      } while (events.length === PAGE && !this.#gone)
    } catch (error) {
      // The readers stay: the next refresh reads on from the same place.
      this.#options.onError(error)
    }
    this.#reading = false
    if (this.#asked) this.refresh()
  }

  #append(events: readonly RunEvent[]): void {
    const last = events.at(-1)
    if (last === undefined) return
    this.#recent = [...this.#recent, ...events].slice(-KEPT)
    this.#parts.clear()
    this.#tail = last.seq
    this.#over = isTerminalEvent(last.type)
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake()
  }
}
