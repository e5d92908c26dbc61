import { expect, it } from 'vitest'
import { edgesOf, layeredTasks } from './layers.ts'

it('makes layers of 100, each task of which waits for three of the layer before', () => {
  const tasks = layeredTasks(1_000)
  expect(tasks).toHaveLength(1_000)
  expect(edgesOf(tasks)).toBe(2_700)
  expect(tasks[99]?.dependsOn).toEqual([])
  expect(tasks[100]?.dependsOn).toEqual(['t0', 't1', 't2'])
  expect(tasks[299]?.dependsOn).toEqual(['t199', 't100', 't101'])
  expect(new Set(tasks.flatMap(({ dependsOn }) => dependsOn)).size).toBe(900)
})
