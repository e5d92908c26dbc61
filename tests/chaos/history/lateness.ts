import type { FaultKind, StruckFault } from '../faults/fault.ts'
import type { Gap } from './recovery.ts'

/** A slow model's answer, a wait for a slot, and the room that a busy machine takes. */
export const ROOM_MS = 8_000

export type Late = Readonly<{ gap: Gap; byMs: number }>

/**
 * Gaps that lasted longer than the published times of the faults in them allow: each must end in time after the last moment
 * at which something else was to be waited for, be it a fault, the model or a rest that the record orders.
 */
export function lateGaps(
  gaps: readonly Gap[],
  faults: readonly StruckFault[],
  limitOf: (kind: FaultKind) => number | null,
  before: number,
): Late[] {
  const inOrder = faults.toSorted((a, b) => a.overAt - b.overAt)
  return gaps.flatMap((gap) => {
    const deadlines = inOrder
      .filter(({ overAt }) => overAt > gap.from - before && overAt < gap.to)
      .map(({ kind, overAt }) => overAt + (limitOf(kind) ?? 0))
    const byMs = gap.to - Math.max(gap.from, ...deadlines) - gap.restMs - ROOM_MS
    return byMs > 0 ? [{ gap, byMs }] : []
  })
}
