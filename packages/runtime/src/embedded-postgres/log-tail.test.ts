import { expect, test } from 'vitest'
import { lastOfServer } from './log-tail.ts'

test('the last lines are those about the server', () => {
  const own = Array.from({ length: 7 }, (_, i) => `2026-11-21 11:36:26.230 UTC [1] LOG:  line ${i}`)
  const broken = '2026-11-21 11:36:43.279 UTC [2] FATAL:  terminating connection due to unexpected postmaster exit'
  expect(lastOfServer([...own, broken, broken].join('\n'))).toBe(own.slice(-5).join('\n'))
  expect(lastOfServer('')).toBe('')
})
