import type { RunEvent } from '@flotilla/domain'
import { useEffect, useSyncExternalStore } from 'react'
import { client } from '../api/client.ts'
import { whileInSight } from '../state/in-sight.ts'
import { EMPTY_FOLD, foldEvents, type RunFold } from './fold.ts'

/** A run's log as it is followed. `error`: it cannot be followed at all. */
export type Feed = Readonly<{ fold: RunFold; error: unknown }>

type Follower = {
  feed: Feed
  readonly listeners: Set<() => void>
  readonly end: AbortController
  users: number
}

/** Events that arrive within this time are shown together: a large run brings thousands at once. */
const FRAME_MS = 80
/** A follower that nobody uses any more goes on for a while, for whoever comes back. */
const KEEP_MS = 20_000

const EMPTY: Feed = { fold: EMPTY_FOLD, error: null }
const followers = new Map<string, Follower>()

function followerOf(runId: string): Follower {
  const known = followers.get(runId)
  if (known !== undefined) return known
  const follower: Follower = { feed: EMPTY, listeners: new Set(), end: new AbortController(), users: 0 }
  followers.set(runId, follower)
  void follow(runId, follower)
  return follower
}

/** The client reads what a broken stream has left out, so the log has no gap here either. */
async function follow(runId: string, follower: Follower): Promise<void> {
  const waiting: RunEvent[] = []
  const show = (feed: Feed): void => {
    follower.feed = feed
    for (const listener of follower.listeners) listener()
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = (): void => {
    timer = undefined
    const fold = foldEvents(follower.feed.fold, waiting.splice(0))
    if (fold !== follower.feed.fold) show({ fold, error: null })
  }
  try {
    let after = 0
    for await (const signal of whileInSight(follower.end.signal))
      for await (const event of client.runs.follow(runId, { after, signal, patienceMs: Infinity })) {
        after = event.seq
        waiting.push(event)
        timer ??= setTimeout(flush, FRAME_MS)
      }
  } catch (error) {
    if (!follower.end.signal.aborted) show({ ...follower.feed, error })
  }
  clearTimeout(timer)
  flush()
}

function release(runId: string, follower: Follower): void {
  follower.users -= 1
  setTimeout(() => {
    if (follower.users > 0 || followers.get(runId) !== follower) return
    followers.delete(runId)
    follower.end.abort()
  }, KEEP_MS)
}

/** A run's log, live while the component is there. */
export function useFeed(runId: string): Feed {
  useEffect(() => {
    const follower = followerOf(runId)
    follower.users += 1
    return () => release(runId, follower)
  }, [runId])
  return useSyncExternalStore(
    (listener) => {
      const follower = followerOf(runId)
      follower.listeners.add(listener)
      return () => void follower.listeners.delete(listener)
    },
    () => followers.get(runId)?.feed ?? EMPTY,
  )
}
