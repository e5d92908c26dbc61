import { expect, test } from 'vitest'
import { eventsOf, RUN_ID, stateAfter, taskOf, type Step } from '../testing/run-fixture.ts'
import { transitionLine } from './transition-lines.ts'

const steps: Step[] = [
  ['run.created'],
  ['run.started', undefined, { tasks: 2 }],
  ['task.ready', 'a'],
  ['task.started', 'a', { attempt: 1 }],
  ['task.retrying', 'a', { error: { code: 'model_timeout', message: 'too slow\u001B[2J' } }],
  ['task.started', 'a', { attempt: 2, kind: 'retry' }],
  ['task.completed', 'a', {}, 9],
  ['run.progress', undefined, { percent: 50 }],
  ['task.failed', 'b', { error: { code: 'internal', message: 'broken' } }],
  ['run.failed', undefined, { error: { code: 'internal', message: 'b failed' } }],
]

test('a log of transitions', () => {
  const tasks = [taskOf('a', { title: 'Read' }), taskOf('b', { title: 'b' })]
  const lines = eventsOf(steps).map((event, i) => transitionLine(event, stateAfter(tasks, steps.slice(0, i + 1))))
  expect(
    lines
      .filter((line) => line !== null)
      .map((line) => line.replaceAll(RUN_ID, 'RUN'))
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "10:00:00 run  created   RUN
    10:00:01 run  started   RUN (2 tasks)
    10:00:03 task started   a: Read (Ada)
    10:00:04 task retrying  a: Read: too slow
    10:00:05 task started   a: Read (Ada, attempt 2: retry)
    10:00:09 task completed a: Read (4s, 1/2)
    10:00:08 task failed    b (2/2): broken
    10:00:09 run  failed    RUN: b failed"
  `)
})
