import type { StruckFault } from '../faults/fault.ts'

/** Tells the times at which no worker was at work at all: nobody recovers anything then. */
export interface Manning {
  set(worker: number, up: boolean): void
  /** As faults like a kill, each over when a worker was back. */
  spans(): StruckFault[]
}

export function createManning(now: () => number): Manning {
  const up = new Set<number>()
  const spans: StruckFault[] = []
  let since: number | null = null
  return {
    set(worker, isUp) {
      if (isUp) up.add(worker)
      else up.delete(worker)
      if (up.size === 0) since ??= now()
      else if (since !== null) {
        spans.push({ kind: 'kill', at: since, overAt: now() })
        since = null
      }
    },
    spans: () => spans,
  }
}
