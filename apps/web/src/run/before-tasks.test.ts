import type { EventType, RunEvent } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { beforeTasks, isWorkAlone, lastedMs, stageSums } from './before-tasks.ts'

const log = (...events: readonly (readonly [EventType, number])[]): RunEvent[] =>
  events.map(([type, ms], i) => ({ seq: i + 1, type, at: new Date(ms).toISOString(), data: {} }) as unknown as RunEvent)

it('tells what came before the tasks', () => {
  const stages = beforeTasks(
    log(
      ['run.created', 0],
      ['run.planning', 100],
      ['run.analyzed', 300],
      ['run.plan_ready', 2_000],
      ['run.started', 6_800],
      ['task.ready', 6_800],
    ),
    9_000,
  )
  expect([...stageSums(stages)]).toEqual([
    ['waiting for a planner', 100],
    ['planning', 1_900],
    ['preparing documents', 4_800],
  ])
  expect(lastedMs(stages)).toBe(6_800)
  expect(isWorkAlone(stages)).toBe(true)
})

it('goes on after a pause with what that held back, and lasts until now', () => {
  const stages = beforeTasks(
    log(
      ['run.created', 0],
      ['run.planning', 10],
      ['run.paused', 20],
      ['run.resumed', 50],
      ['run.plan_ready', 60],
      ['run.awaiting_approval', 60],
    ),
    100,
  )
  expect([...stageSums(stages)]).toEqual([
    ['waiting for a planner', 10],
    ['planning and preparing documents', 20],
    ['paused', 30],
    ['awaiting its start', 40],
  ])
  expect(isWorkAlone(stages)).toBe(false)
})

it('knows nothing of a run without events', () => expect(beforeTasks([], 5)).toEqual([]))
