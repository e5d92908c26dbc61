import type { Scheduler } from '@flotilla/runtime'

/** A process of the virtual fleet: its calls are dropped once it has died, and held back while it hangs. */
export class Process {
  readonly name: string
  alive = true
  hungUntil = 0
  /** Until when, as far as is known, it hung or was cut off from the record. */
  troubledAt = Number.NEGATIVE_INFINITY

  constructor(name: string) {
    this.name = name
  }

  hang(until: number): void {
    this.hungUntil = Math.max(this.hungUntil, until)
    this.trouble(this.hungUntil)
  }

  trouble(at: number): void {
    this.troubledAt = Math.max(this.troubledAt, at)
  }
}

type Entry = { at: number; seq: number; call: (() => void) | null; owner: Process | null }

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.seq < b.seq)

/** Milliseconds that pass only from one call to the next; of calls at one moment, the one asked for first goes first. */
export class VirtualTime {
  now = 0
  /** Whose call was the last. */
  called: Process | null = null
  readonly #heap: Entry[] = []
  #seq = 0

  /** `owner`: whose code is called; null for what goes on outside of all processes. Answers what cancels the call. */
  after(ms: number, call: () => void, owner: Process | null = null): () => void {
    const entry: Entry = { at: this.now + Math.max(0, ms), seq: this.#seq++, call, owner }
    this.#push(entry)
    return () => {
      entry.call = null
    }
  }

  schedulerOf(owner: Process): Scheduler {
    return {
      now: () => this.now,
      after: (ms, call) => this.after(ms, call, owner),
      soon: (call) => void this.after(0, call, owner),
    }
  }

  /** Makes calls until one was a process's own, whose promises are then to settle. False: nothing is left to call. */
  advance(): boolean {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      const { call, owner } = entry
      if (call === null || owner?.alive === false) continue
      this.now = entry.at
      if (owner !== null && owner.hungUntil > this.now) {
        this.#push({ ...entry, at: owner.hungUntil, seq: this.#seq++ })
        continue
      }
      this.called = owner
      call()
      if (owner !== null) return true
    }
    return false
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent] as Entry)) break
      heap[at] = heap[parent] as Entry
      at = parent
    }
    heap[at] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= heap.length) break
      const right = left + 1
      const child = right < heap.length && isBefore(heap[right] as Entry, heap[left] as Entry) ? right : left
      if (!isBefore(heap[child] as Entry, last)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = last
    return first
  }
}
