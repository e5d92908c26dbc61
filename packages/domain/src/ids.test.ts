import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base32, eventId, RUN_ID, sortableId, taskId } from './ids.ts'

const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 })
const times = fc.integer({ min: 0, max: 2 ** 45 })

describe('ids', () => {
  it('sort by time', () => {
    fc.assert(
      fc.property(times, times, bytes, bytes, (a, b, randomA, randomB) => {
        fc.pre(a !== b)
        expect(sortableId('run', a, randomA) < sortableId('run', b, randomB)).toBe(a < b)
      }),
    )
  })

  it('are recognised by their pattern', () => {
    fc.assert(fc.property(times, bytes, (now, random) => void expect(sortableId('run', now, random)).toMatch(RUN_ID)))
    expect('run_0000000000000000000000000i').not.toMatch(RUN_ID)
  })

  it('of tasks and events sort by number within their run', () => {
    const run = sortableId('run', 1, new Uint8Array(16))
    fc.assert(
      fc.property(fc.nat(9_999), fc.nat(9_999), (a, b) => {
        expect(taskId(run, a) < taskId(run, b)).toBe(a < b)
        expect(eventId(run, a * 50_000) < eventId(run, b * 50_000)).toBe(a < b)
      }),
    )
  })

  it('need enough randomness', () => {
    expect(() => sortableId('run', 1, new Uint8Array(15))).toThrow('needs 16 random bytes, got 15')
  })

  it('count in base 32 without the letters that look like digits', () => {
    expect([0, 31, 32, 1023].map((n) => base32(n, 2))).toEqual(['00', '0z', '10', 'zz'])
  })
})
