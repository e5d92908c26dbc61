import { describe, expect, test } from 'vitest'
import { FAULT_KINDS, type Fault } from './fault.ts'
import { scheduleFaults } from './schedule.ts'

/** Poison comes with the plans. */
const SCHEDULED = FAULT_KINDS.filter((kind) => kind !== 'poison')

const base = { seed: 1, forMs: 60_000, mix: FAULT_KINDS, pace: 1, workers: 3, leaseMs: 2_500, hasRedis: true }
const endOf = (fault: Fault): number => fault.atMs + ('forMs' in fault ? fault.forMs : 0)

describe('the schedule of faults', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(scheduleFaults(base)).toEqual(scheduleFaults(base))
    expect(scheduleFaults({ ...base, seed: 2 })).not.toEqual(scheduleFaults(base))
  })

  test('of a mix holds the faults that each of its kinds has alone', () => {
    const kills = scheduleFaults({ ...base, mix: ['kill'] })
    expect(scheduleFaults({ ...base, mix: ['kill', 'flush'] }).filter(({ kind }) => kind === 'kill')).toEqual(kills)
  })

  test.each([20_000, 60_000])('of %i ms has every kind, in order, over before the end', (forMs) => {
    const faults = scheduleFaults({ ...base, forMs })
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(SCHEDULED))
    expect(faults.map(({ atMs }) => atMs)).toEqual(faults.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
    expect(Math.max(...faults.map(endOf))).toBeLessThanOrEqual(forMs)
  })

  test('has one fault of a kind at a time', () => {
    for (const kind of FAULT_KINDS) {
      const faults = scheduleFaults({ ...base, forMs: 600_000, mix: [kind] })
      const overlaps = faults.filter((fault, i) => i > 0 && fault.atMs < endOf(faults[i - 1] as Fault))
      expect(overlaps).toEqual([])
    }
  })

  test('leaves Redis alone where there is none', () => {
    const faults = scheduleFaults({ ...base, forMs: 600_000, mix: ['halfopen'], hasRedis: false })
    expect(new Set(faults.map((fault) => fault.kind === 'halfopen' && fault.side))).toEqual(new Set(['postgres']))
  })
})
