import type { StruckFault } from '../faults/fault.ts'
import type { EventRow, RunHistory } from './history.ts'

/** A stretch of time in which something that had to go on did not: from one event of it to the next. */
export type Gap = Readonly<{
  from: number
  to: number
  /** How long the record had it rest at the start. */
  restMs: number
  /** What waited, for people. */
  of: string
}>

/** When the model last answered for a task before a moment; null where it did not. */
export type Answered = (idx: number, before: number) => number | null

/** Waits of a run's tasks between being ready and their end, and of the run itself where no task is its own to do. */
export function gapsOf({ run, events }: RunHistory, answered: Answered = () => null): Gap[] {
  const gaps: Gap[] = []
  const before = new Map<number | 'run', number>()
  const rests = new Map<number, number>()
  for (const { idx, type, at, data } of events) {
    const key = idx ?? 'run'
    // Between its start and its verification a run waits for its tasks alone.
    const from = before.get(key)
    if (from !== undefined && type !== 'run.resumed') {
      // What the model took is no recovery.
      const busyUntil = idx === null ? null : answered(idx, at)
      const rest = idx === null ? 0 : (rests.get(idx) ?? 0)
      gaps.push({
        from: Math.max(from, busyUntil ?? 0),
        to: at,
        restMs: rest,
        of: `${run.uid} ${idx === null ? type : `task ${idx}, ${type}`}`,
      })
    }
    if (idx !== null) {
      rests.set(idx, restAfter(type, data))
    }
    if (type === 'run.started' || type === 'run.progress') before.delete(key)
    else before.set(key, at)
    if (type === 'run.resumed') for (const waiting of before.keys()) before.set(waiting, at)
  }
  return gaps
}

/** A retry and a recovery may rest, as their events say. */
function restAfter(type: string, data: EventRow['data']): number {
  const rests = type === 'task.retrying' || type === 'task.recovered'
  return rests && typeof data['delayMs'] === 'number' ? data['delayMs'] : 0
}

export type Recovery = Readonly<{
  kind: StruckFault['kind']
  /** From the fault to the end of the longest wait that it fell into, whatever else fell into it. */
  ms: number
  /** The same of waits that no other fault fell into: what this fault alone took. Null where there was no such wait. */
  aloneMs: number | null
}>

/**
 * For each fault the longest time from it to the next event of anything that was under way at that moment. `disturbs` tells
 * the kinds that make anything wait.
 */
export function recoveriesOf(
  faults: readonly StruckFault[],
  gaps: readonly Gap[],
  disturbs: (kind: StruckFault['kind']) => boolean,
): Recovery[] {
  const inOrder = faults.toSorted((a, b) => a.overAt - b.overAt)
  const longest = inOrder.map(({ kind }): Recovery => ({ kind, ms: 0, aloneMs: null }))
  for (const { from, to, restMs } of gaps) {
    const first = firstAfter(inOrder, from)
    const end = firstAfter(inOrder, to - 1)
    const alone = inOrder.slice(first, end).filter(({ kind }) => disturbs(kind)).length === 1
    for (let i = first; i < end; i++) {
      const [fault, one] = [inOrder[i], longest[i]]
      if (fault === undefined || one === undefined) break
      const ms = to - Math.max(fault.overAt, from + restMs)
      const aloneMs = alone && disturbs(fault.kind) ? Math.max(one.aloneMs ?? 0, ms) : one.aloneMs
      longest[i] = { ...one, ms: Math.max(one.ms, ms), aloneMs }
    }
  }
  return longest
}

/** The first fault that was over after `at`, by halving. */
function firstAfter(faults: readonly StruckFault[], at: number): number {
  let low = 0
  let high = faults.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((faults[middle]?.overAt ?? Infinity) > at) high = middle
    else low = middle + 1
  }
  return low
}
