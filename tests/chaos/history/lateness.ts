import type { FaultKind, StruckFault } from '../faults/fault.ts'
import type { Gap } from './recovery.ts'

/** A slow model's answer, a wait for a slot, and the room that a busy machine takes. */
export const ROOM_MS = 8_000

export type Late = Readonly<{ gap: Gap; byMs: number }>

/**
 * Gaps that lasted longer than the published times of the faults allow: each must end in time after the last moment at which
 * something else was to be waited for, be it the model, a rest that the record orders, or a fault, whose after-effects may
 * strike as long as its published time lasts.
 */
export function lateGaps(
  gaps: readonly Gap[],
  faults: readonly StruckFault[],
  limitOf: (kind: FaultKind) => number | null,
): Late[] {
  const limits = faults.flatMap(({ kind, overAt }) => {
    const limitMs = limitOf(kind)
    return limitMs === null ? [] : [{ overAt, deadline: overAt + limitMs }]
  })
  return gaps.flatMap((gap) => {
    const allowed = gap.from + gap.restMs + ROOM_MS
    if (gap.to <= allowed) return []
    const deadlines = limits.filter(({ overAt }) => overAt < gap.to).map(({ deadline }) => deadline)
    const byMs = gap.to - Math.max(gap.from, ...deadlines) - gap.restMs - ROOM_MS
    return byMs > 0 ? [{ gap, byMs }] : []
  })
}
