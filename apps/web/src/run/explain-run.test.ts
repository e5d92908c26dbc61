import type { EventType, JsonObject, RunEvent, RunView } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { explainRun } from './explain-run.ts'
import { fullTime } from '../format/times.ts'
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
  expect(text).toContain('Read: Ada with m, judged 90 %.')
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

const event = (type: EventType, ms: number, data: JsonObject = {}) =>
  ({ type, at: new Date(ms).toISOString(), data }) as RunEvent

it('says of a cancelled run when it was paused, resumed and cancelled, and who never began', () => {
  const cancelled = {
    ...run,
    status: 'cancelled',
    cancellation: { was: 'awaiting_approval' },
    progress: { total: 15, completed: 2 },
  } as unknown as RunView
  const when = (ms: number): string => fullTime(new Date(ms).toISOString())
  const events = [event('run.paused', 1_000), event('run.resumed', 5_300), event('run.cancelled', 9_000)]
  const ended = { status: 'cancelled', reason: 'the run was cancelled' } as const
  const tasks = [
    task({ ...ended, spans: [{ kind: 'gate', from: 1_000, to: 5_300 }] }),
    task({
      ...ended,
      title: 'Sum up',
      begun: 0,
      startedAt: null,
      spans: [
        { kind: 'gate', from: 4_000, to: 5_300 },
        { kind: 'wait', from: 5_300, to: 9_000 },
      ],
    }),
    task({ ...ended, title: 'Cut off', spans: [{ kind: 'other', from: 0, to: 900 }] }),
  ]
  const texts = explainRun({ run: cancelled, tasks, fold: { ...EMPTY_FOLD, events } }, 0).flatMap(({ answers }) =>
    answers.map(({ text }) => text),
  )
  expect(texts.slice(0, 3)).toEqual([
    `It was paused by a person on ${when(1_000)}.`,
    `It was resumed on ${when(5_300)}, after 4.3 s.`,
    `It was cancelled on ${when(9_000)}, while awaiting start, with 2 of 15 tasks done.`,
  ])
  expect(texts).toContain('Cut off: Ada with m, judged 90 %, cut off after 900 ms, when the run was cancelled.')
  expect(texts).toContain('Sum up: was to be done by Ada, never began.')
  expect(texts.join('\n')).toContain('around the calls, with attempts that were cut off before their first answer,')
  expect(texts).toContain('Read waited 4.3 s: the run was paused.')
  expect(texts).toContain('Sum up waited 5.0 s, 1.3 s of it while the run was paused.')
})
