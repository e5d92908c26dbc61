import { describe, expect, it } from 'vitest'
import { endingSoon, isContended, isWorthADraw, meanTaskMs, splitReady, tasksWanted, WOKEN_AT_ONCE } from './shares.ts'

describe('places are contended', () => {
  it.each([
    [[], [1, 2], false],
    [[1], [], false],
    [[1], [1, 1], false],
    [[2], [1], true],
    [[2], [2, 1], true],
    [[1, 2], [], true],
    [[1, 2], [1], true],
  ])('where %j wait and %j run: %j', (waiting, running, contended) => {
    expect(isContended(waiting, running)).toBe(contended)
  })
})

describe('tasks are drawn', () => {
  it('for free places, and for places about to be free, less what is kept', () => {
    expect(tasksWanted({ free: 3, soon: 0, kept: 0, places: 8 })).toBe(3)
    expect(tasksWanted({ free: 0, soon: 2, kept: 0, places: 8 })).toBe(2)
    expect(tasksWanted({ free: 1, soon: 2, kept: 2, places: 8 })).toBe(1)
    expect(tasksWanted({ free: 0, soon: 2, kept: 5, places: 8 })).toBe(0)
  })

  it('ahead for as many as end while a draw is under way', () => {
    expect([null, 30_000, 1_000, 100, 20, 5, 0].map((ms) => endingSoon(20, ms))).toEqual([0, 0, 0, 4, 20, 20, 20])
    expect([meanTaskMs(null, 100), meanTaskMs(100, 200)]).toEqual([100, 110])
  })

  it('at once for a free place that nothing is kept for, and ahead for some together', () => {
    expect(isWorthADraw({ free: 3, soon: 0, kept: 2, places: 50 })).toBe(true)
    expect(isWorthADraw({ free: 2, soon: 6, kept: 2, places: 50 })).toBe(false)
    expect(isWorthADraw({ free: 0, soon: 10, kept: 3, places: 50 })).toBe(true)
    expect(isWorthADraw({ free: 0, soon: 50, kept: 26, places: 50 })).toBe(false)
    expect(isWorthADraw({ free: 0, soon: 50, kept: 25, places: 50 })).toBe(true)
    expect(isWorthADraw({ free: 0, soon: 1, kept: 1, places: 2 })).toBe(false)
    expect(isWorthADraw({ free: 0, soon: 1, kept: 0, places: 2 })).toBe(true)
  })

  it('never ahead for more than all places', () => {
    for (const places of [1, 2, 7, 64])
      for (const free of [0, 1, places])
        for (const soon of [0, 1, 500])
          for (const kept of [0, 3, 200]) {
            const wanted = tasksWanted({ free, soon, kept, places })
            expect(wanted).toBeGreaterThanOrEqual(0)
            expect(wanted).toBeLessThanOrEqual(free + places)
          }
  })
})

describe('tasks made ready at once', () => {
  const tasks = (n: number, role = 'writer') => Array.from({ length: n }, (_, idx) => ({ idx, role }))

  it('are woken where none wait before them, and there are not too many', () => {
    expect(splitReady(tasks(3), new Set()).park).toEqual([])
    const { wake, park } = splitReady(tasks(WOKEN_AT_ONCE + 5), new Set())
    expect([wake.length, park.map(({ idx }) => idx)]).toEqual([WOKEN_AT_ONCE, [100, 101, 102, 103, 104]])
  })

  it('stand behind others of their role', () => {
    const { wake, park } = splitReady([...tasks(2), ...tasks(2, 'reviewer')], new Set(['writer']))
    expect([wake.map(({ role }) => role), park.map(({ role }) => role)]).toEqual([
      ['reviewer', 'reviewer'],
      ['writer', 'writer'],
    ])
  })
})
