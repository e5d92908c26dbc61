import { NO_SPEND, type PauseView } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { afterSetLines } from './commands/budget.ts'
import { pauseText, restLines, stillRests, toResume, waitLines } from './rest-text.ts'

const wait = { until: '2026-11-21T10:00:30.000Z', why: 'slow down', lane: 'a/b/k', times: 1 }

test('tasks that wait for the same are told together, with the first end', () => {
  const later = { ...wait, until: '2026-11-21T10:00:40.000Z' }
  const tasks = [
    { key: 'a', wait: later },
    { key: 'b', wait },
    { key: 'c', wait },
    { key: 'd', wait },
    { key: 'e' },
    { key: 'f', wait: { ...wait, lane: null, why: null } },
  ]
  expect(waitLines([{ key: 'b', wait }], Date.parse(wait.until))).toEqual([
    '  b next, after a wait until 2026-11-21 10:00:30 UTC for a/b/k: slow down',
  ])
  expect(waitLines(tasks, Date.parse(wait.until) - 1)).toEqual([
    '  a, b, c and 1 more until 2026-11-21 10:00:30 UTC for a/b/k: slow down',
    '  f until 2026-11-21 10:00:30 UTC: no reason was recorded',
  ])
})

test('a pause says by whom it is, and what to type', () => {
  const since = '2026-11-21T10:00:00.000Z'
  const ofMonth = {
    by: 'budget',
    reason: "the workspace's budget of $5.00 a month has $0 left",
    level: 'workspace',
    since,
  } as const
  expect(pauseText(ofMonth)).toBe(
    "Paused since 2026-11-21 10:00:00 UTC, by its budget: the workspace's budget of $5.00 a month has $0 left",
  )
  expect(toResume({ id: 'run_1', pause: ofMonth })).toContain('flotilla budget set --usd MORE')
  const needs = { dimension: 'costUsd', least: 2.369375 } as const
  expect(toResume({ id: 'run_1', pause: { ...ofMonth, needs } })).toMatch(/^flotilla budget set --usd 2\.37 \(or more/)
  const ofRun = { ...ofMonth, level: 'run', needs: { dimension: 'toolCalls', least: 4 } } as const
  expect(toResume({ id: 'run_1', pause: ofRun })).toMatch(/^flotilla runs budget run_1 --tool-calls 4 \(or more/)
  expect(toResume({ id: 'run_1', pause: { by: 'model_key', reason: null, level: null, since } })).toContain(
    'correct the key',
  )
  const reason = 'compatible:big answered 429 (no): the account of OPENAI_API_KEY has no quota left: add credit to it'
  const unpaid = { by: 'model_key', reason, level: null, since } as const
  expect(pauseText(unpaid)).toContain('UTC, for the quota of its key is used up: compatible:big')
  expect(toResume({ id: 'run_1', pause: unpaid })).toBe(
    'add credit to the account of OPENAI_API_KEY, then flotilla runs resume run_1',
  )
  expect(toResume({ id: 'run_1', pause: { by: 'user', reason: null, level: null, since } })).toBe(
    'flotilla runs resume run_1',
  )
})

test('a budget that was changed says whether its run still rests, and what it needs', () => {
  const pause = { by: 'budget', reason: null, level: 'run', since: '2026-11-21T10:00:00.000Z' } as const
  const of = (onExceeded: string, more: Partial<PauseView>) =>
    stillRests({
      id: 'run_1',
      status: 'paused',
      pause: { ...pause, ...more },
      budget: { limits: { costUsd: 1, onExceeded }, reserved: NO_SPEND, spent: NO_SPEND },
    })
  expect(of('pause', { needs: { dimension: 'costUsd', least: 0.347 } })).toEqual([
    'It still rests: the limit has to be at least $0.35. To let it go on: flotilla runs budget run_1 --usd 0.35 (or more: the call that did not fit may need that)',
  ])
  expect(of('degrade', { needs: { dimension: 'costUsd', least: 0.347 }, resumable: true })).toEqual([
    'It rests until it is resumed, and then follows its policy (degrade): flotilla runs resume run_1',
  ])
  expect(of('pause', { resumable: true })).toEqual([
    'Its call fits now, and it rests until it is resumed: flotilla runs resume run_1',
  ])
  expect(of('pause', { by: 'user' })).toEqual([])
})

test('who sets the month is told what goes on, and what the rest needs', () => {
  const needs = [{ dimension: 'costUsd', least: 7.0312 }] as const
  expect(afterSetLines({ resumed: ['run_1'], resting: { runs: 2, needs: [...needs] } })).toEqual([
    'Goes on, since the month is larger now: run_1',
    '2 runs still rest; for the first to go on the month needs at least: flotilla budget set --usd 7.04',
  ])
  expect(afterSetLines({ resumed: [], resting: { runs: 0, needs: [] } })).toEqual([])
})

test('who follows a paused run is told what lets it go on, and how to follow it then', () => {
  const pause = { by: 'user', reason: null, level: null, since: '2026-11-21T10:00:00.000Z' } as const
  const told = ['Paused since 2026-11-21 10:00:00 UTC, by a user', 'To let it go on: flotilla runs resume run_1']
  expect(restLines({ id: 'run_1', pause }, true)).toEqual(told)
  expect(restLines({ id: 'run_1', pause }, false)).toEqual([...told, 'To watch it then: flotilla runs watch run_1'])
})
