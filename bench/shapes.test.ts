import { describe, expect, it } from 'vitest'
import { SHAPES } from './options.ts'
import { SHAPE_TASKS, expectedValue } from './shapes.ts'

describe('shapes', () => {
  it.each([
    ['diamond-10' as const, 10, 13],
    ['chain-10' as const, 10, 10],
    ['fan-100' as const, 102, 201],
  ])('%s has %d tasks, and its last one computes %d', (name, size, value) => {
    expect(SHAPE_TASKS[name]).toHaveLength(size)
    expect(expectedValue(SHAPE_TASKS[name])).toBe(value)
  })

  it.each(SHAPES)('the last task of %s waits for all others', (name) => {
    const tasks = SHAPE_TASKS[name]
    const seen = new Set<string>()
    const walk = (key: string): void => {
      seen.add(key)
      for (const each of tasks.find((t) => t.key === key)?.dependsOn ?? []) walk(each)
    }
    walk(tasks.at(-1)?.key ?? '')
    expect(seen).toEqual(new Set(tasks.map(({ key }) => key)))
  })
})
