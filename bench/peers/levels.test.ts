import { describe, expect, it, test } from 'vitest'
import { SHAPES } from '../options.ts'
import { SHAPE_TASKS, expectedValue } from '../shapes.ts'
import { levelsOf, runLevels } from './levels.ts'

test('tasks of a level wait for the level before alone', () => {
  const levels = levelsOf(SHAPE_TASKS['diamond-10']).map((level) => level.map(({ key }) => key))
  expect(levels).toEqual([['root'], ['a0', 'a1', 'a2', 'a3'], ['b0', 'b1', 'b2', 'b3'], ['join']])
})

describe('a workflow of steps computes what the shape does', () => {
  it.each(SHAPES)('%s', async (shape) => {
    const begun: string[] = []
    const value = await runLevels(SHAPE_TASKS[shape], {
      begin(key, compute) {
        begun.push(key)
        return compute()
      },
      all: (steps: Promise<number>[]) => Promise.all(steps),
    })
    expect(value).toBe(expectedValue(SHAPE_TASKS[shape]))
    expect(begun).toEqual(SHAPE_TASKS[shape].map(({ key }) => key))
  })
})
