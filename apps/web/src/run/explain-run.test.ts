import type { RunView } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { explainRun } from './explain-run.ts'
import { EMPTY_FOLD } from './fold.ts'
import type { TaskLine } from './task-lines.ts'

const run = {
  usage: { modelCalls: 3, costUsd: 0.5, inputTokens: 900, outputTokens: 100 },
  budget: { spent: { seconds: 12 } },
  analysis: {
    complexity: 'simple',
    type: 'security_audit',
    confidence: 0.9,
    by: 'rules',
    warnings: ['no documents'],
    estimate: { costUsd: { low: 0.1, expected: 0.2, high: 0.4 } },
  },
  dispatch: { kind: 'generated', planner: 'm', reason: 'nothing else fits', repairs: 1 },
  quality: { score: 0.8, parts: { citations: 0.6 } },
} as unknown as RunView
const task = (change: Partial<TaskLine>): TaskLine =>
  ({
    key: 'a',
    title: 'Read',
    agent: 'Ada',
    model: 'm',
    score: 0.9,
    status: 'completed',
    begun: 1,
    tokens: 500,
    costUsd: 0.3,
    reason: null,
    spans: [],
    ...change,
  }) as TaskLine

it('answers from the record alone', () => {
  const tasks = [
    task({
      spans: [
        { kind: 'wait', from: 0, to: 3_000 },
        { kind: 'model', from: 3_000, to: 4_000 },
      ],
    }),
    task({
      key: 'b',
      title: 'Sum up',
      status: 'failed',
      begun: 3,
      reason: 'the provider refused',
      tokens: 500,
      costUsd: 0.2,
    }),
  ]
  const told = explainRun({ run, tasks, fold: EMPTY_FOLD }, 0)
  const text = told.map(({ question, answers }) => [question, ...answers.map((one) => one.text)].join('\n')).join('\n')
  expect(text).toContain('taken for a simple security audit, with a confidence of 90 %')
  expect(text).toContain('sent back 1 time')
  expect(text).toContain('about $0.20 was expected')
  expect(text).toContain('Read: 500 tokens, 50 % of all, $0.30.')
  expect(text).toContain('Read: Ada with m, judged 0.90 of 1.')
  expect(text).toContain('25 % went to models')
  expect(text).toContain('Read waited 3.0 s.')
  expect(text).toContain('Nothing judged it: its tasks have no criteria. Otherwise citations 60 %, after')
  expect(text).toContain('Sum up failed after 3 attempts: the provider refused.')
})

it('leaves out what the record does not know', () => {
  const bare: RunView = {
    ...run,
    usage: { ...run.usage, modelCalls: 0 },
    analysis: null,
    dispatch: null,
    quality: null,
  }
  expect(explainRun({ run: bare, tasks: [], fold: EMPTY_FOLD }, 0)).toEqual([])
})
