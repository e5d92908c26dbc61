import { attemptTally } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { attemptTable, tallyText } from './attempt-text.ts'

test('counts and caps by kind, without a cap where there is none', () => {
  const counts = { tries: 2, recoveries: 5, revisions: 1, continuations: 4 }
  expect(tallyText(attemptTally(counts, 1, 3))).toBe(
    '1 of 2 retries, 4 continuations, 1 of 3 continued cut-off answers, 1 of 2 revisions, 5 of 5 recoveries',
  )
})

test('attempts as rows, the running one without a time, and no text that drives the terminal', () => {
  const first = {
    number: 1,
    kind: 'first' as const,
    status: 'lost' as const,
    worker: 'worker-1@here',
    startedAt: '2026-01-01T10:00:00.000Z',
    finishedAt: '2026-01-01T10:00:04.000Z',
    error: { code: 'worker_lost', message: 'gone\u001B[2J' },
  }
  const rows = [
    first,
    { ...first, number: 2, kind: 'recovery' as const, status: 'running' as const, finishedAt: null, error: null },
  ]
  expect(attemptTable(rows)).toMatchInlineSnapshot(`
    "ATTEMPT  KIND      END      WORKER         STARTED (UTC)         TIME  ERROR
          1  first     lost     worker-1@here  2026-01-01 10:00:00  4.0 s  gone
          2  recovery  running  worker-1@here  2026-01-01 10:00:00"
  `)
})
