import { NO_USAGE } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { reduce, reduceAll } from './reduce.ts'
import { eventsOf, RUN_ID, START, stateAfter, taskOf, tasksInput } from '../testing/run-fixture.ts'
import { startState, type LiveInput } from './state.ts'

const eventInput = (event: ReturnType<typeof eventsOf>[number]): LiveInput => ({ kind: 'event', event })

test('follows a task through its attempts', () => {
  const before = [
    ['task.ready', 'a'],
    ['task.started', 'a', { attempt: 1 }],
    ['task.tool_called', 'a', { tool: 'knowledge_search' }],
  ] as const
  expect(stateAfter([taskOf('a')], before).tasks.get('a')).toMatchObject({
    status: 'in_progress',
    attempt: 1,
    activity: 'knowledge_search',
  })
  const retrying = stateAfter(
    [taskOf('a')],
    [...before, ['task.retrying', 'a', { error: { code: 'model_timeout', message: 'too slow' } }]],
  )
  expect(retrying.tasks.get('a')).toMatchObject({ status: 'ready', reason: 'too slow', activity: null })
  const done = stateAfter(
    [taskOf('a')],
    [...before, ['task.started', 'a', { attempt: 2 }, 5], ['task.completed', 'a', {}, 9]],
  )
  expect(done.tasks.get('a')).toMatchObject({
    status: 'completed',
    attempt: 2,
    reason: null,
    startedAt: START + 5_000,
    finishedAt: START + 9_000,
  })
})

test('a task that was handed back waits, as the list says, until it begins again', () => {
  const wait = { until: '2026-11-21T10:00:30.000Z', why: 'slow down', lane: 'a/b/k', times: 1 }
  const started = stateAfter([taskOf('a')], [['task.started', 'a', { attempt: 1 }]])
  const waiting = reduce(started, tasksInput([taskOf('a', { attempt: 1, wait })]))
  expect(waiting.tasks.get('a')?.waits).toBe('waits until 10:00:30: slow down')
  const again = reduceAll(waiting, eventsOf([['task.started', 'a', { attempt: 2 }]], 9).map(eventInput))
  expect(again.tasks.get('a')?.waits).toBeNull()
  const stale = reduce(again, tasksInput([taskOf('a', { attempt: 1, wait })]))
  expect(stale.tasks.get('a')?.waits).toBeNull()
})

test('says what to type while a task waits for a person', () => {
  const asked = [
    ['task.started', 'a', { attempt: 1 }],
    ['approval.requested', 'a', { approvalId: 'apr_1', reason: 'contact was lost' }],
  ] as const
  expect(stateAfter([taskOf('a')], asked).tasks.get('a')).toMatchObject({
    status: 'awaiting_approval',
    reason: 'waits for you: flotilla approvals show apr_1',
  })
  const decided = stateAfter([taskOf('a')], [...asked, ['approval.decided', 'a', { decision: 'skip' }]])
  expect(decided.tasks.get('a')).toMatchObject({ status: 'ready', reason: null })
})

test('counts, and keeps why things failed', () => {
  const state = stateAfter(
    [taskOf('a'), taskOf('b', { dependsOn: ['a'] }), taskOf('c'), taskOf('d')],
    [
      ['run.started'],
      ['task.failed', 'a', { error: { code: 'model_refused', message: 'no' } }],
      ['task.skipped', 'b', { reason: 'a task that it depends on failed' }],
      ['task.completed', 'c'],
      ['task.started', 'd'],
      ['run.failed', undefined, { error: { code: 'internal', message: 'a failed' } }],
    ],
  )
  expect(state).toMatchObject({
    status: 'failed',
    reason: 'a failed',
    counts: { total: 4, completed: 1, failed: 1, skipped: 1, active: 1 },
    finishedAt: START + 5_000,
  })
  expect(state.tasks.get('b')?.reason).toBe('a task that it depends on failed')
})

test('knows a task from its first event on, and its name once the list is read', () => {
  const [event] = eventsOf([['task.ready', 'late']])
  if (event === undefined) throw new Error('no event')
  const early = reduce(startState(RUN_ID), eventInput(event))
  expect(early.order).toEqual([{ key: 'late', depth: 0 }])
  expect(early.tasks.get('late')).toMatchObject({ title: 'late', status: 'ready' })
  const named = reduce(early, tasksInput([taskOf('late', { title: 'A name' })]))
  expect(named.tasks.get('late')).toMatchObject({ title: 'A name', status: 'ready', agent: 'Ada' })
})

test('a list that is ahead of the log does not run ahead of it, until the run is over', () => {
  const ahead = [taskOf('a', { status: 'completed', usage: { ...NO_USAGE, inputTokens: 7, outputTokens: 5 } })]
  const state = reduce(stateAfter([taskOf('a')], [['task.started', 'a']]), tasksInput(ahead))
  expect(state.tasks.get('a')).toMatchObject({ status: 'in_progress', tokens: 12 })
  expect(reduce(state, tasksInput(ahead, true)).tasks.get('a')?.status).toBe('completed')
})

test('a repeated event changes nothing, and no state is changed in place', () => {
  const steps = [['run.started'], ['task.started', 'a', { attempt: 1 }]] as const
  const state = stateAfter([taskOf('a')], steps)
  const frozen = structuredClone(state)
  const again = reduceAll(state, eventsOf([['run.failed'], ['task.failed', 'a']]).map(eventInput))
  expect(again).toEqual(state)
  reduceAll(state, eventsOf([['task.failed', 'a']], 3).map(eventInput))
  expect(state).toEqual(frozen)
})

test('batches end where single steps end', () => {
  const events = eventsOf([
    ['run.started'],
    ['task.ready', 'a'],
    ['task.started', 'a'],
    ['task.completed', 'a'],
    ['run.completed'],
  ])
  const start = startState(RUN_ID)
  const single = events.reduce((state, event) => reduce(state, eventInput(event)), start)
  expect(reduceAll(start, events.map(eventInput))).toEqual(single)
})

test('a run that was paused while it was planned stays paused when its plan is written', () => {
  const state = stateAfter([], [['run.planning'], ['run.paused', undefined, { was: 'planning' }], ['run.started']])
  expect(state.status).toBe('paused')
})
