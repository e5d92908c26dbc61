import type { RunView } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { limitsOf, usedUpText } from './used-up.ts'

const spent = { costUsd: 2, tokens: 500, toolCalls: 0, seconds: 0 }
const budget = (limits: Record<string, number | string>) => ({ limits, spent, reserved: spent }) as RunView['budget']

it('says what follows of a limit at or below what is spent', () => {
  const used = budget({ costUsd: 2, tokens: 501, onExceeded: 'pause' })
  expect(usedUpText(used, limitsOf(used))).toBe(
    'Used up: $2.00 spent of $2.00. Nothing more begins as it was meant to; once something would, the run pauses until the limit is raised.',
  )
  const then = (onExceeded: string) => usedUpText(budget({ onExceeded }), [{ dimension: 'tokens', limit: 1 }])
  expect(then('fail')).toContain('once something would, its task fails.')
  expect(then('degrade')).toContain('a cheaper or shorter call is tried, and where none fits its task fails.')
})

it('says nothing of limits with room', () => {
  const roomy = budget({ tokens: 501, onExceeded: 'fail' })
  expect(usedUpText(roomy, limitsOf(roomy))).toBeNull()
  const free = { ...budget({}), spent: { ...spent, costUsd: 0 } }
  expect(usedUpText(free, [{ dimension: 'costUsd', limit: 0 }])).toBeNull()
})
