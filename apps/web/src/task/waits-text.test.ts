import type { RunEvent } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { EMPTY_FOLD, foldEvents } from '../run/fold.ts'
import { waitsText } from './waits-text.ts'

const told = (...events: [second: number, type: RunEvent['type'], data?: RunEvent['data']][]) =>
  waitsText(
    foldEvents(
      EMPTY_FOLD,
      events.map(([second, type, data = {}], i) => ({
        seq: i + 1,
        id: String(i),
        runId: 'run_1',
        ...(type.startsWith('task.') ? { taskKey: 'a' } : {}),
        type,
        at: new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString(),
        data,
      })),
    ),
    'a',
  )

it('tells of a pause within a task, and of the wait for a place after it', () =>
  expect(
    told(
      [0, 'task.ready'],
      [9, 'task.started'],
      [10, 'run.paused'],
      [135, 'run.resumed'],
      [136, 'task.recovered'],
      [139, 'task.started'],
      [140, 'task.completed'],
    ),
  ).toBe('Of that time its run was paused (2 min 5 s), it waited for a place (3.0 s).'))

it('tells of a retry’s wait as being held back', () =>
  expect(told([0, 'task.started'], [1, 'task.retrying'], [6, 'task.started'], [7, 'task.completed'])).toContain(
    'it was held back, by another try’s time or an approval (5.0 s)',
  ))

it('has nothing to tell of a task that did not wait, or has not ended', () => {
  expect(told([0, 'task.ready'], [9, 'task.started'], [10, 'task.completed'])).toBeNull()
  expect(told([0, 'task.started'], [1, 'run.paused'], [90, 'run.resumed'])).toBeNull()
})
