import type { AttemptView, CutOffCallView } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { cutOffMs, cutOffText } from './cut-off-text.ts'

const call: CutOffCallView = {
  attempt: 1,
  model: 'm',
  startedAt: '2026-01-01T10:00:00Z',
  endedAt: '2026-01-01T10:00:04Z',
  charged: 'estimated',
  tokens: 420,
  costUsd: 0.12,
  unknownUsdAtMost: 0.3,
}
const attempt = (status: AttemptView['status'], message?: string) =>
  ({ status, error: message === undefined ? null : { code: 'c', message } }) as AttemptView

it.each([
  [
    attempt('cancelled', 'the run was cancelled'),
    call,
    'It was cut off: the run was cancelled. Its answer was not kept. Charged: 420 tokens and $0.12, reckoned from what was sent and received; at most $0.30 more.',
  ],
  [
    attempt('lost'),
    { ...call, charged: 'unknown', tokens: 0, costUsd: 0 },
    'It was cut off when its worker was lost. Its answer was not kept. Nothing was charged: nobody knows what it used, at most $0.30.',
  ],
  [
    attempt('failed', 'no answer within 60 s'),
    { ...call, charged: 'told' },
    'It ended without an answer: no answer within 60 s. Its answer was not kept. Charged: 420 tokens and $0.12.',
  ],
  [
    attempt('cancelled', "the run's time was up"),
    { ...call, charged: 'not_yet' },
    "It was cut off: the run's time was up. Its answer was not kept. What it used has not been told so far; $0.30 are held for it.",
  ],
] as const)('says why, and what it was charged', (ended, asked, text) => expect(cutOffText(asked, ended)).toBe(text))

it('counts no time twice where one attempt has called again', () =>
  expect(
    cutOffMs([
      { ...call, endedAt: '2026-01-01T10:00:09Z' },
      { ...call, startedAt: '2026-01-01T10:00:03Z' },
    ]),
  ).toEqual([3_000, 1_000]))
