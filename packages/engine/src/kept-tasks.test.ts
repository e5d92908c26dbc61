import type { WakeUp } from '@flotilla/db'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeptTasks } from './kept-tasks.ts'

const HOLD = 1_000_000 // its own timer never comes into it
const START = 100 * HOLD

let back: number[][]
let kept: KeptTasks
beforeEach(() => {
  back = []
  kept = new KeptTasks(4, HOLD, (tasks) => void back.push(tasks.map((task) => task.idx)))
})
afterEach(() => kept.expire(0, true))

const tasks = (...indexes: number[]): WakeUp[] =>
  indexes.map((idx) => ({ runId: 1, idx, role: 'writer', delayMs: 0, judge: false, priority: 5 }))
const drawn = (n: number, now: number): number[] => kept.draw(n, now).map((task) => task.idx)

describe('kept tasks', () => {
  it('are drawn in the order in which they came', () => {
    kept.keep(tasks(1, 2), 0)
    kept.keep(tasks(3), 1)
    expect(drawn(2, 2)).toEqual([1, 2])
    expect([drawn(5, 3), drawn(5, 4), kept.size]).toEqual([[3], [], 0])
    expect([drawn(0, 5), drawn(-1, 5)]).toEqual([[], []])
    expect(back).toEqual([])
  })

  it('that there is no room for go back at once', () => {
    kept.keep(tasks(1, 2, 3), 0)
    kept.keep(tasks(4, 5, 6), 0)
    expect(back).toEqual([[5, 6]])
    expect(drawn(9, 1)).toEqual([1, 2, 3, 4])
  })

  it('that no slot draws go back when they have been held long enough', () => {
    kept.keep(tasks(1), START)
    kept.keep(tasks(2), START + HOLD / 2)
    kept.expire(START + HOLD - 1)
    expect(back).toEqual([])
    kept.expire(START + HOLD)
    expect(back).toEqual([[1]])
    kept.expire(START + 2 * HOLD)
    expect([back, kept.size]).toEqual([[[1], [2]], 0])
  })

  it('are held ten times as long while slots draw, and no longer', () => {
    kept.keep(tasks(1, 2, 3), START)
    expect(drawn(1, START + 9.5 * HOLD)).toEqual([1])
    kept.expire(START + 9.9 * HOLD)
    expect(back).toEqual([])
    kept.expire(START + 10 * HOLD)
    expect(back).toEqual([[2, 3]])
  })

  it('all go back when that is asked for', () => {
    kept.keep(tasks(1, 2), 5)
    kept.expire(5, true)
    expect([back, kept.size]).toEqual([[[1, 2]], 0])
    kept.expire(6, true)
    expect(back).toHaveLength(1)
  })
})
