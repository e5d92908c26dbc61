import { ProblemError } from '@flotilla/client'
import type { PauseView, ProblemCode } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { refusalText } from './refusal-text.ts'

const refused = (code: ProblemCode) =>
  new ProblemError({ type: 'about:blank', title: 'Refused', status: 409, detail: 'flotilla runs budget', code })
const paused = (changes: Partial<PauseView> = {}) => ({
  pause: { by: 'budget', level: 'run', reason: null, since: '2026-11-21T12:00:00Z', ...changes } as const,
})

it('leads to the button where a limit of the run stands in the way', () => {
  expect(refusalText(refused('conflict'), paused({ needs: { dimension: 'tokens', least: 12_400 } }))).toBe(
    'Its next call does not fit its budget: raise that to at least 12,400 tokens with the button Budget, and it goes on by itself.',
  )
  expect(refusalText(refused('conflict'), paused())).toContain('raise that with the button Budget')
})

it.each([
  [refused('unavailable'), paused()],
  [refused('conflict'), paused({ level: 'workspace' })],
  [refused('conflict'), paused({ by: 'user', level: null })],
  [refused('conflict'), {}],
  [new Error('away'), paused()],
])('leaves all else to the words of the server', (error, run) => expect(refusalText(error, run)).toBeNull())
