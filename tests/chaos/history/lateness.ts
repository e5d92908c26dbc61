import type { FaultKind, StruckFault } from '../faults/fault.ts'
import type { Gap } from './recovery.ts'

/** A slow model's answer, a wait for a slot, and some room for the machine. */
export const ROOM_MS = 8_000
/** How long a worker takes to start among the campaign's faults, on a machine with two cores that does nothing else. */
const QUIET_START_MS = 2_500

/** On a machine so busy that a worker takes `startMs` to start everything else takes longer, too. */
export const roomFor = (startMs: number): number => ROOM_MS * Math.max(1, startMs / QUIET_START_MS)

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
  roomMs: number,
): Late[] {
  const limits = faults.flatMap(({ kind, overAt }) => {
    const limitMs = limitOf(kind)
    return limitMs === null ? [] : [{ overAt, deadline: overAt + limitMs }]
  })
  return gaps.flatMap((gap) => {
    const allowed = gap.from + gap.restMs + roomMs
    if (gap.to <= allowed) return []
    const deadlines = limits.filter(({ overAt }) => overAt < gap.to).map(({ deadline }) => deadline)
    const byMs = gap.to - Math.max(gap.from, ...deadlines) - gap.restMs - roomMs
    return byMs > 0 ? [{ gap, byMs }] : []
  })
}
