import { NO_USAGE, type TaskView } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { explainTask } from './explain-task.ts'

const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString()
const turn = (number: number, inputTokens: number) => ({
  attempt: 1,
  turn: number,
  usage: { ...NO_USAGE, inputTokens },
  startedAt: at(0),
  finishedAt: at(2),
})
const finding = (criterion: string, passed: boolean) => ({ criterion, rationale: `${criterion} it is`, passed })
const TASK = {
  status: 'completed',
  selection: { agent: 'Writer', model: 'm', reason: 'it scored best', candidates: [{}, {}] },
  attempts: [
    { number: 1, kind: 'first', error: { code: 'x', message: 'the provider was away' } },
    { number: 2, kind: 'retry', error: null },
  ],
  verdicts: [
    { decision: 'revise', score: 0.5, judgeModel: null, findings: [finding('short', true), finding('cited', false)] },
  ],
  turns: [turn(1, 25), turn(2, 75)],
  cutOffCalls: [],
  error: null,
  usage: { ...NO_USAGE, inputTokens: 100, costUsd: 0.5 },
  startedAt: at(0),
  finishedAt: at(10),
  context: {
    tokens: 1,
    tokenBudget: 2,
    sections: [{ name: 'passages', why: '', tokens: 1, included: true, cutTokens: 40 }],
  },
} as unknown as TaskView

it('says why, sentence by sentence', () =>
  expect(explainTask(TASK)).toEqual([
    'Writer did it with m, chosen among 2: it scored best.',
    'Attempt 2 tried it again after a failure: the provider was away.',
    'The verdict was "revise" with 50 %: 1 of 2 criteria did not pass: cited (cited it is).',
    'It took 10.0 s, of which 4.0 s were 2 model calls.',
    'It used 100 tokens for $0.50; its largest turn, 2 of attempt 1, took 75 %.',
    'To fit the prompt, 40 tokens of passages were cut.',
  ]))

const cutOff = { attempt: 3, startedAt: at(5), endedAt: at(10), tokens: 300 }

it('counts calls that were cut off', () => {
  const task = { ...TASK, cutOffCalls: [cutOff], usage: { ...TASK.usage, inputTokens: 500 } } as unknown as TaskView
  expect(explainTask(task)).toEqual(
    expect.arrayContaining([
      'It took 10.0 s, of which 9.0 s were 2 model calls, and 1 that was cut off after 5.0 s.',
      'It used 500 tokens for $0.50; its largest call, one of attempt 3 that was cut off, took 60 %.',
      '300 tokens of it went to calls that were cut off.',
      '100 tokens of it went to calls that are none of its turns.',
    ]),
  )
  expect(explainTask({ ...task, turns: [] })).toContain(
    'It took 10.0 s, of which 5.0 s were 1 model call that was cut off after 5.0 s.',
  )
})

it('names judges where there were any', () => {
  const verdicts = [{ ...TASK.verdicts[0], judgeModel: 'j' }]
  const task = { ...TASK, verdicts, usage: { ...TASK.usage, inputTokens: 130 } } as unknown as TaskView
  expect(explainTask(task)).toContain('30 tokens of it went to judges.')
})

it('says why it failed', () =>
  expect(explainTask({ ...TASK, status: 'failed', error: { code: 'x', message: 'its budget is spent' } })).toContain(
    'It failed: its budget is spent.',
  ))

it('says nothing of a task that has not begun', () =>
  expect(
    explainTask({
      ...TASK,
      status: 'ready',
      selection: null,
      attempts: [],
      verdicts: [],
      turns: [],
      startedAt: null,
      context: null,
    }),
  ).toEqual([]))

it('says of a task that was cancelled what was done of it', () => {
  const cancelled: TaskView = { ...TASK, status: 'cancelled', verdicts: [], turns: [], finishedAt: null, context: null }
  expect(explainTask(cancelled)[0]).toBe('Writer worked on it with m, chosen among 2: it scored best.')
  expect(explainTask({ ...cancelled, attempts: [] })).toEqual([
    'Writer was picked for it, to work with m, chosen among 2: it scored best.',
    'It was cancelled before it began.',
  ])
})
