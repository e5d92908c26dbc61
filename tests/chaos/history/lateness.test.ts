import { expect, test } from 'vitest'
import type { StruckFault } from '../faults/fault.ts'
import { lateGaps, ROOM_MS, roomFor } from './lateness.ts'
import type { Gap } from './recovery.ts'

const gap = (to: number, restMs = 0): Gap => ({ from: 10_000, to, restMs, of: 'task 1' })
const fault = (kind: StruckFault['kind'], at: number, overAt = at): StruckFault => ({ kind, at, overAt })
const limitOf = (kind: string): number | null => (kind === 'flush' ? 5_000 : kind === 'kill' ? 3_500 : null)
const late = (one: Gap, ...faults: StruckFault[]): number[] =>
  lateGaps([one], faults, limitOf, ROOM_MS).map(({ byMs }) => byMs)

test('a wait without a fault has the room of a busy machine', () => {
  expect(late(gap(10_000 + ROOM_MS))).toEqual([])
  expect(late(gap(10_001 + ROOM_MS))).toEqual([1])
})

test('a fault has its published time, counted from its end', () => {
  expect(late(gap(16_000 + ROOM_MS), fault('flush', 11_000))).toEqual([])
  expect(late(gap(16_500 + ROOM_MS), fault('flush', 11_000))).toEqual([500])
  expect(late(gap(17_000 + ROOM_MS), fault('flush', 11_000), fault('kill', 13_500))).toEqual([])
})

test('what struck before counts for as long as its published time lasts', () => {
  expect(late(gap(13_000 + ROOM_MS), fault('flush', 8_000))).toEqual([])
  expect(late(gap(13_000 + ROOM_MS), fault('flush', 7_000))).toEqual([1_000])
  expect(late(gap(13_000 + ROOM_MS), fault('flush', 2_000))).toEqual([3_000])
})

test('where workers take long to start there is more room', () => {
  expect(roomFor(1_500)).toBe(ROOM_MS)
  expect(roomFor(5_000)).toBe(2 * ROOM_MS)
})

test('a rest that the record orders is no delay', () => {
  expect(late(gap(14_000 + ROOM_MS, 4_000))).toEqual([])
})
