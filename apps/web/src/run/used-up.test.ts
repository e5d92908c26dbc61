import type { RunView } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { limitsOf, usedUpText } from './used-up.ts'

const spent = { costUsd: 2, tokens: 500, toolCalls: 0, seconds: 0 }
const budget = (limits: Record<string, number | string>) => ({ limits, spent, reserved: spent }) as RunView['budget']

it('says what follows of a limit at or below what is spent', () => {
  const used = budget({ costUsd: 2, tokens: 501, onExceeded: 'pause' })
  expect(usedUpText(used, limitsOf(used))).toBe(
    'Used up: $2.00 spent of $2.00. Nothing more begins; once something would, the run pauses.',
  )
  expect(usedUpText(budget({ onExceeded: 'fail' }), [{ dimension: 'tokens', limit: 1 }])).toContain('the run fails')
})

it('says nothing of limits with room', () => {
  const roomy = budget({ tokens: 501, onExceeded: 'fail' })
  expect(usedUpText(roomy, limitsOf(roomy))).toBeNull()
  const free = { ...budget({}), spent: { ...spent, costUsd: 0 } }
  expect(usedUpText(free, [{ dimension: 'costUsd', limit: 0 }])).toBeNull()
})
