import type { RunEvent } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import { EventFeed } from './event-feed.ts'

const RUN = { workspaceId: 1, id: 7, uid: 'run_x' }
const never = new AbortController().signal

/** A log, a clock and timers that move only when told; reads are counted. */
function setUp(tail = 0) {
  const log: RunEvent[] = []
  const reads: number[] = []
  let now = 0
  let timers: { at: number; call: () => void }[] = []
  let held: Promise<void> | undefined
  const feed = new EventFeed(RUN, tail, {
    readPage: async (_run, after, limit) => {
      reads.push(now)
      await held
      return log.filter((event) => event.seq > after).slice(0, limit)
    },
    timers: {
      after(ms, call) {
        const timer = { at: now + ms, call }
        timers.push(timer)
        return () => {
          timers = timers.filter((other) => other !== timer)
        }
      },
    },
    now: () => now,
    minGapMs: 250,
    onError: () => {},
  })
  const advance = async (ms: number): Promise<void> => {
    for (const end = now + ms; ;) {
      const due = timers.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0]
      now = due?.at ?? end
      if (due === undefined) return
      timers = timers.filter((timer) => timer !== due)
      due.call()
      await settled()
    }
  }
  return {
    feed,
    reads,
    advance,
    timers: () => timers.length,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    append: (count: number, type: RunEvent['type'] = 'run.progress') => {
      for (let i = 0; i < count; i++) {
        const seq = log.length + 1
        log.push({ seq, id: `evt_${seq}`, type, at: '', runId: RUN.uid, data: {} })
      }
    },
  }
}

/** Lets promises that are ready run on. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

const seqs = (events: readonly RunEvent[] | null): number[] | null => events?.map((event) => event.seq) ?? null

describe('the feed of a run', () => {
  it('reads at once when asked, and then at most four times a second', async () => {
    const { feed, reads, advance, append } = setUp()
    for (let ms = 0; ms < 1_000; ms += 5) {
      append(1)
      feed.refresh()
      feed.refresh()
      await advance(5)
    }
    expect(reads).toEqual([0, 250, 500, 750, 1_000])
    await advance(250)
    expect(feed.tail).toBe(200)
  })

  it('reads again after a read that was asked for meanwhile', async () => {
    const { feed, reads, advance, hold, append } = setUp()
    const release = hold()
    feed.refresh()
    await advance(0)
    append(1)
    feed.refresh()
    release()
    await settled()
    await advance(250)
    expect([reads.length, feed.tail]).toEqual([2, 1])
  })

  it('gives all readers what one read brought', async () => {
    const { feed, reads, advance, append } = setUp()
    append(3)
    feed.refresh()
    await advance(0)
    expect(seqs(await feed.take(0))).toEqual([1, 2, 3])
    expect(seqs(await feed.take(2))).toEqual([3])
    expect(seqs(await feed.take(3))).toEqual([])
    expect(reads).toHaveLength(1)
  })

  it('reads for a reader alone who is further behind than what is kept', async () => {
    const { feed, reads, advance, append } = setUp()
    append(3_000)
    feed.refresh()
    await advance(0)
    const shared = reads.length
    expect(seqs(await feed.take(0))).toEqual(Array.from({ length: 500 }, (_, i) => i + 1))
    expect(seqs(await feed.take(2_500))).toEqual(Array.from({ length: 500 }, (_, i) => i + 2_501))
    expect(reads).toHaveLength(shared + 1)
  })

  it('wakes who waits when something comes, also between the look and the wait', async () => {
    const { feed, advance, append } = setUp()
    let woken = 0
    const wait = (after: number) => feed.wait(after, never, 60_000).then(() => (woken += 1))
    void wait(0)
    append(1)
    feed.refresh()
    await advance(0)
    expect(woken).toBe(1)
    void wait(0)
    await settled()
    expect(woken).toBe(2)
    void wait(1)
    await settled()
    expect(woken).toBe(2)
    feed.close()
    await settled()
    expect(woken).toBe(3)
  })

  it('wakes who waits at the end of the time and at an abort, and leaves no timer', async () => {
    const { feed, advance, timers } = setUp()
    const abort = new AbortController()
    const both = Promise.all([feed.wait(0, never, 100), feed.wait(0, abort.signal, 60_000)])
    abort.abort()
    await advance(100)
    await both
    expect(timers()).toBe(0)
  })

  it('is over after the terminal event, for who has it', async () => {
    const { feed, reads, advance, append } = setUp()
    append(1)
    append(1, 'run.failed')
    feed.refresh()
    await advance(0)
    expect(seqs(await feed.take(0))).toEqual([1, 2])
    expect(await feed.take(2)).toBeNull()
    expect(await feed.take(900)).toBeNull()
    feed.refresh()
    await advance(1_000)
    expect(reads).toHaveLength(1)
  })
})
