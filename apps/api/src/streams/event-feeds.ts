import { inWorkspace, readEventsOfRuns, readPositions, type Db } from '@flotilla/db'
import { isTerminalEvent, type RunEvent } from '@flotilla/domain'
import type { Hints } from '@flotilla/engine'
import { inBatches, systemTimers, type Timers } from '@flotilla/runtime'
import { EventFeed, type FeedRun } from './event-feed.ts'

export type EventFeedsOptions = Readonly<{
  db: Db
  hints: Hints
  onError: (error: unknown) => void
  timers?: Timers
  now?: () => number
}>

/** One client's place in a run's log. */
export type EventReader = Readonly<{
  /** The next events; `idle` when there were none for `waitMs`; null after the last one ever, and when the process drains. */
  next(signal: AbortSignal, waitMs: number): Promise<readonly RunEvent[] | 'idle' | null>
  close(): void
}>

/** Follows runs for any number of readers: one read loop a run, woken by hints, and once a second by the record. */
export type EventFeeds = Readonly<{
  /** `tail` is the number of the run's last event now; what comes after it is shared among the readers. */
  open(run: FeedRun, tail: number, after: number): EventReader
  /** Runs that are being followed. */
  size(): number
  /** Clients that follow some run. */
  readers(): number
  /** Ends every reader. */
  close(): void
}>

const MIN_GAP_MS = 100
/** In one query, which all that move at the same time share. */
const MOST_RUNS = 200
const TICK_MS = 1_000

export function createEventFeeds(options: EventFeedsOptions): EventFeeds {
  const { db, hints, onError, timers = systemTimers, now = () => performance.now() } = options
  const followed = new Map<number, { feed: EventFeed; readers: number }>()
  let cancelTick: (() => void) | undefined
  let closed = false

  const read = inBatches((asked: readonly PageAsked[]) => readPages(db, asked), { most: MOST_RUNS, flights: 2 })
  const readPage = (run: FeedRun, after: number, limit: number): Promise<readonly RunEvent[]> =>
    read({ run, after, limit })
  const unsubscribe = hints.subscribe((hint) => {
    if ('runId' in hint) followed.get(hint.runId)?.feed.refresh()
  })
  const tick = (): void => {
    cancelTick = timers.after(TICK_MS, () => {
      void compareWithRecord(
        db,
        [...followed.values()].map(({ feed }) => feed),
      ).catch(onError)
      if (followed.size > 0) tick()
      else cancelTick = undefined
    })
  }
  const release = (run: FeedRun): void => {
    const entry = followed.get(run.id)
    if (entry === undefined || --entry.readers > 0) return
    entry.feed.close()
    followed.delete(run.id)
  }

  return {
    open(run, tail, after) {
      let entry = followed.get(run.id)
      if (entry === undefined) {
        entry = {
          feed: new EventFeed(run, tail, { readPage, timers, now, minGapMs: MIN_GAP_MS, onError }),
          readers: 0,
        }
        followed.set(run.id, entry)
      }
      entry.readers += 1
      if (closed) entry.feed.close()
      else if (cancelTick === undefined) tick()
      // What came between the caller's look at the record and now.
      entry.feed.refresh()
      return createReader(entry.feed, after, () => release(run))
    },
    size: () => followed.size,
    readers: () => [...followed.values()].reduce((all, { readers }) => all + readers, 0),
    close() {
      closed = true
      unsubscribe()
      cancelTick?.()
      for (const { feed } of followed.values()) feed.close()
    },
  }
}

type PageAsked = Readonly<{ run: FeedRun; after: number; limit: number }>

/** In the order in which they were asked for. */
async function readPages(db: Db, asked: readonly PageAsked[]): Promise<RunEvent[][]> {
  const pages: RunEvent[][] = []
  const numbered = asked.map((page, n) => ({ page, n }))
  for (const [workspaceId, group] of Map.groupBy(numbered, ({ page }) => page.run.workspaceId)) {
    const read = await inWorkspace(db, workspaceId, (tx) =>
      readEventsOfRuns(
        tx,
        group.map(({ page }) => page),
      ),
    )
    for (const [i, { n }] of group.entries()) pages[n] = read[i] ?? []
  }
  return pages
}

/** Catches up on hints that were missed, and on runs that were deleted, with one cheap look a workspace. */
async function compareWithRecord(db: Db, feeds: readonly EventFeed[]): Promise<void> {
  for (const [workspaceId, group] of Map.groupBy(feeds, (feed) => feed.run.workspaceId)) {
    const ids = group.map((feed) => feed.run.id)
    const positions = new Map(
      (await inWorkspace(db, workspaceId, (tx) => readPositions(tx, ids))).map((p) => [p.id, p.seq]),
    )
    for (const feed of group) {
      const seq = positions.get(feed.run.id)
      if (seq === undefined) feed.close()
      else if (seq > feed.tail) feed.refresh()
    }
  }
}

function createReader(feed: EventFeed, after: number, release: () => void): EventReader {
  let cursor = after
  let over = false
  let open = true
  const take = async (): Promise<readonly RunEvent[] | null> => {
    const events = over ? null : await feed.take(cursor)
    const last = events?.at(-1)
    if (last !== undefined) {
      cursor = last.seq
      over = isTerminalEvent(last.type)
    }
    return events
  }
  return {
    async next(signal, waitMs) {
      const deadline = performance.now() + waitMs
      for (;;) {
        const events = await take()
        if (events === null || events.length > 0) return events
        const left = deadline - performance.now()
        if (left <= 0 || signal.aborted) return 'idle'
        await feed.wait(cursor, signal, left)
      }
    },
    close() {
      if (open) release()
      open = false
    },
  }
}
