import { describe, expect, test } from 'vitest'
import { checkTasks } from './check-tasks.ts'
import { attempt, goodHistory, replaceTask, task, toldIn, withEvents, type Told } from './histories.ts'
import type { RunHistory } from './history.ts'

const kinds = (history: RunHistory): string[] => checkTasks(history).map(({ kind }) => kind)
const good = goodHistory()
const log = toldIn(good)
/** The log with these events after the one at a position. */
const after = (position: number, ...more: Told[]): RunHistory =>
  withEvents(good, [...log.slice(0, position + 1), ...more, ...log.slice(position + 1)])

test('finds nothing in tasks that went well', () => {
  expect(kinds(good)).toEqual([])
})

describe('the end of a task', () => {
  test('comes once', () => {
    expect(kinds(after(5, ['task.completed', 0, { attempt: 1 }]))).toEqual(['ended_twice'])
    expect(kinds(after(5, ['task.failed', 0, { attempt: 1 }]))).toEqual(['ended_twice'])
  })

  test('comes at all', () => {
    const open = withEvents(
      good,
      log.filter(([type, idx]) => type !== 'task.completed' || idx !== 1),
    )
    expect(kinds(open)).toEqual(['never_ended'])
    expect(kinds(replaceTask(open, 1, { status: 'in_progress' }))).toEqual(['never_ended'])
    expect(kinds(replaceTask({ ...open, run: { ...open.run, live: true } }, 1, { status: 'in_progress' }))).toEqual([])
  })

  test('is what the row says', () => {
    expect(kinds(replaceTask(good, 1, { status: 'cancelled' }))).toContain('never_ended')
  })

  test('is followed by nothing but what its payment tells of a budget', () => {
    expect(kinds(after(6, ['budget.warning', 0]))).toEqual([])
    expect(kinds(after(6, ['task.turn', 0, { attempt: 1 }]))).toEqual(['event_after_end'])
    const again = replaceTask(after(6, ['task.started', 0, { attempt: 2 }]), 0, { attempt: 2, fence: 2 })
    expect(kinds({ ...again, attempts: [...again.attempts, attempt(0, 2)] })).toEqual(['event_after_end'])
  })
})

describe('the start of a task', () => {
  test('comes after all it depends on', () => {
    const early = withEvents(good, [...log.slice(0, 5), ...log.slice(6, 8), ...log.slice(5, 6), ...log.slice(8)])
    expect(kinds(early)).toEqual(['started_early'])
  })

  test('has the next number', () => {
    const told = log.map(([type, idx, data]): Told =>
      idx === 1 && data?.['attempt'] === 1 ? [type, idx, { attempt: 2 }] : [type, idx, data ?? {}],
    )
    expect(kinds(withEvents(good, told))).toEqual(['attempt_gap'])
    expect(kinds(replaceTask(good, 1, { attempt: 2, fence: 2 }))).toEqual(['attempt_gap', 'attempt_rows'])
  })
})

describe('a task that was lost and recovered', () => {
  const recovered = (...more: Told[]): RunHistory => ({
    ...replaceTask(after(4, ['task.recovered', 0, { attempt: 1 }], ...more), 0, {
      attempt: 2,
      fence: 3,
      recoveries: 1,
    }),
    attempts: [attempt(0, 1, { status: 'lost', error: 'worker_lost' }), attempt(0, 2), attempt(1, 1)],
  })
  const winning = (history: RunHistory, winner: number): RunHistory =>
    withEvents(
      history,
      toldIn(history).map(([type, idx, data]): Told =>
        type === 'task.completed' && idx === 0 ? [type, idx, { attempt: winner }] : [type, idx, data ?? {}],
      ),
    )
  const again: Told = ['task.started', 0, { attempt: 2 }]

  test('may go on', () => {
    expect(kinds(winning(recovered(again), 2))).toEqual([])
  })

  test('is not ended by the attempt that was lost', () => {
    expect(kinds(winning(recovered(again), 1))).toEqual(['wrong_winner'])
  })

  test('is not written to by the attempt that was lost', () => {
    expect(kinds(winning(recovered(again, ['task.turn', 0, { attempt: 1 }]), 2))).toEqual(['late_write'])
    expect(kinds(winning(recovered(['task.tool_called', 0, { attempt: 1 }], again), 2))).toEqual(['late_write'])
  })

  test('may be told the outcome of a call that the lost attempt had made', () => {
    expect(kinds(winning(recovered(again, ['task.tool_called', 0, { attempt: 1 }]), 2))).toEqual([])
  })

  test('has a fence that every claim and recovery has moved', () => {
    expect(kinds(replaceTask(winning(recovered(again), 2), 0, { fence: 2 }))).toEqual(['fence_behind'])
  })

  test('has a row for each attempt, the last one a success', () => {
    const history = winning(recovered(again), 2)
    expect(kinds({ ...history, attempts: history.attempts.filter((row) => row.status !== 'lost') })).toEqual([
      'attempt_rows',
    ])
    expect(kinds({ ...history, attempts: history.attempts.map((row) => ({ ...row, status: 'lost' })) })).toEqual([
      'attempt_rows',
      'attempt_rows',
    ])
  })
})

test('a task is skipped below a failed or a skipped one, and nowhere else', () => {
  const told: Told[] = [
    ['task.ready', 0],
    ['task.started', 0, { attempt: 1 }],
    ['task.failed', 0, { attempt: 1 }],
    ['task.skipped', 1],
    ['task.skipped', 2],
  ]
  const skipped = (of: number[]) => ({ status: 'skipped', attempt: 0, fence: 0, deps: of })
  const failed: RunHistory = {
    ...withEvents(good, told),
    tasks: [task(0, { status: 'failed' }), task(1, skipped([0])), task(2, skipped([1]))],
    attempts: [attempt(0, 1, { status: 'failed' })],
  }
  expect(kinds(failed)).toEqual([])
  expect(kinds(replaceTask(failed, 2, { deps: [] }))).toEqual(['wrong_skip'])
})
