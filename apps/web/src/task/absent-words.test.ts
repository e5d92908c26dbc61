import type { TaskStatus } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { noAttemptsText, noSelectionText, noTurnsText, noVerdictText } from './absent-words.ts'

const never = (status: TaskStatus) => ({ status, attempts: [], output: null })

it.each([
  ['ready', 'Nobody has begun it yet.', 'No model has been called yet.', 'Nothing has been judged yet.'],
  [
    'cancelled',
    'It was cancelled before it began.',
    'It was cancelled before it began.',
    'No verdict: it was cancelled.',
  ],
  ['skipped', 'It was skipped, and never began.', 'It was skipped, and never began.', 'No verdict: it was skipped.'],
  [
    'failed',
    'It failed before it began.',
    'It failed before it began.',
    'No verdict: it failed before there was anything to judge.',
  ],
  [
    'completed',
    'It was taken over with its result, and not done again.',
    'It was taken over with its result, and not done again.',
    'No verdict: it has no criteria.',
  ],
] as const)('of a task that is %s and was never begun', (status, attempts, turns, verdict) =>
  expect([noAttemptsText(never(status)), noTurnsText(never(status)), noVerdictText(never(status))]).toEqual([
    attempts,
    turns,
    verdict,
  ]),
)

it('tells a task that ended before its first call from one that never began', () =>
  expect(noTurnsText({ status: 'cancelled', attempts: [{}] as never })).toBe(
    'No model was called: it ended before its first call.',
  ))

it('does not say of what a failed task has written that there was nothing to judge', () =>
  expect(noVerdictText({ status: 'failed', output: {} as never })).toBe(
    'No verdict: it failed after its output was written, before that was judged to the end.',
  ))

it('says that no agent was picked, or is to be', () =>
  expect([noSelectionText(never('pending')), noSelectionText(never('cancelled'))]).toEqual([
    'None has been picked yet.',
    'None was picked: it was cancelled before it began.',
  ]))
