import { expect, test } from 'vitest'
import { pauseText, restLines, toResume, waitLines } from './rest-text.ts'

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
  expect(waitLines(tasks)).toEqual([
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
  expect(toResume({ id: 'run_1', pause: { by: 'user', reason: null, level: null, since } })).toBe(
    'flotilla runs resume run_1',
  )
})

test('who follows a paused run is told what lets it go on, and how to follow it then', () => {
  const pause = { by: 'user', reason: null, level: null, since: '2026-11-21T10:00:00.000Z' } as const
  const told = ['Paused since 2026-11-21 10:00:00 UTC, by a user', 'To let it go on: flotilla runs resume run_1']
  expect(restLines({ id: 'run_1', pause }, true)).toEqual(told)
  expect(restLines({ id: 'run_1', pause }, false)).toEqual([...told, 'To watch it then: flotilla runs watch run_1'])
})
