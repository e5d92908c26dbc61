import type { RunView } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { isSettled, isSettledTask } from './settled.ts'

const at = '2026-01-01T10:00:00Z'
const soon = Date.parse(at) + 3_000
const later = Date.parse(at) + 30_000
const cancelled = (tasks: Record<string, number>, calls: number, was: RunView['status'] = 'executing') => ({
  status: 'cancelled' as const,
  finishedAt: at,
  cancellation: { was, tasks, stopped: { calls, lastStoppedAt: null } } as unknown as RunView['cancellation'],
})
const ended = (status: RunView['status']) => ({ status, finishedAt: at, cancellation: null })

it('waits for what a cancel has cut off, until all have told or none will', () => {
  expect(isSettled(cancelled({ in_progress: 2, pending: 5 }, 1), soon)).toBe(false)
  expect(isSettled(cancelled({ in_progress: 2, pending: 5 }, 2), soon)).toBe(true)
  expect(isSettled(cancelled({ in_progress: 2 }, 0), later)).toBe(true)
  expect(isSettled(cancelled({ pending: 3 }, 0), soon)).toBe(true)
  expect(isSettled(cancelled({}, 0, 'planning'), soon)).toBe(false)
})

it('waits a little after a failure, which may be a deadline that cut calls off', () => {
  expect(isSettled(ended('failed'), soon)).toBe(false)
  expect(isSettled(ended('failed'), later)).toBe(true)
  expect(isSettled(ended('completed'), soon)).toBe(true)
  expect(isSettled(ended('executing'), later)).toBe(false)
})

it('waits for what the cut off calls of a task have used', () => {
  const task = (charged: 'told' | 'not_yet' | 'unknown') => ({
    finishedAt: at,
    cutOffCalls: [
      { attempt: 1, model: 'm', startedAt: at, endedAt: at, charged, tokens: 0, costUsd: 0, unknownUsdAtMost: 0 },
    ],
  })
  expect(isSettledTask(task('not_yet'), soon)).toBe(false)
  expect(isSettledTask(task('unknown'), soon)).toBe(false)
  expect(isSettledTask(task('unknown'), later)).toBe(true)
  expect(isSettledTask(task('told'), soon)).toBe(true)
  expect(isSettledTask({ finishedAt: at, cutOffCalls: [] }, soon)).toBe(true)
})
