import { useSyncExternalStore } from 'react'

/**
 * A signal for each time that the page is in sight, aborted when it no longer is. A browser opens six connections to a server at
 * a time, of all tabs together: streams of hidden tabs would take them from the one that is looked at. Ends when `end` aborts,
 * or when the page stays in sight after a signal's work was done.
 */
export async function* whileInSight(end: AbortSignal): AsyncGenerator<AbortSignal, void> {
  for (;;) {
    while (document.hidden && !end.aborted) await change(end)
    if (end.aborted) return
    const hidden = new AbortController()
    const onChange = (): void => {
      if (document.hidden) hidden.abort()
    }
    document.addEventListener('visibilitychange', onChange)
    try {
      yield AbortSignal.any([hidden.signal, end])
    } finally {
      document.removeEventListener('visibilitychange', onChange)
    }
    if (!hidden.signal.aborted) return
  }
}

function change(end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      document.removeEventListener('visibilitychange', done)
      end.removeEventListener('abort', done)
      resolve()
    }
    document.addEventListener('visibilitychange', done)
    end.addEventListener('abort', done)
  })
}

const subscribe = (listener: () => void): (() => void) => {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

export const useInSight = (): boolean => useSyncExternalStore(subscribe, () => !document.hidden)
