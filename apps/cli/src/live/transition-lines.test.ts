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

test('a saving says what is changed, and why', () => {
  const changed = [
    { what: 'model', from: 'a:big\u001B[2J', to: 'a:small' },
    { what: 'max_output_tokens', from: 4_096, to: 2_048 },
    { what: 'judge_samples', criterion: 'Covers all', from: 3, to: 1 },
    { what: 'optional_task', task: 'extra' },
  ]
  const saving: Step[] = [['budget.degraded', 'a', { reason: 'it would not fit', changed }]]
  const [line] = eventsOf(saving).map((event) => transitionLine(event, stateAfter([taskOf('a')], saving)))
  expect(line).toContain(
    ': model a:big → a:small, longest output 4,096 → 2,048 tokens, samples of "Covers all" 3 → 1, optional task extra left out, since it would not fit',
  )
  const bare: Step[] = [['budget.degraded', 'a', { reason: 'it would not fit' }]]
  const [told] = eventsOf(bare).map((event) => transitionLine(event, stateAfter([taskOf('a')], bare)))
  expect(told).toMatch(/: it would not fit$/)
})

test('a warning tells the limit and what of it is spent', () => {
  const data = { level: 'run', dimension: 'costUsd', limit: 1, settled: 0.85, reserved: 0.1, share: 0.85 }
  const warning: Step[] = [['budget.warning', 'a', data]]
  const [line] = eventsOf(warning).map((event) => transitionLine(event, stateAfter([taskOf('a')], warning)))
  expect(line).toMatch(/warning .*: 85 % of the run's budget of \$1\.00 are spent \(\$0\.85\)$/)
})

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
    10:00:09 task completed a: Read (4.0 s, 1/2)
    10:00:08 task failed    b (2/2): broken
    10:00:09 run  failed    RUN: b failed"
  `)
})
