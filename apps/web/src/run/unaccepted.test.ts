import { expect, it } from 'vitest'
import { leftText, unacceptedText, whyFailed } from './unaccepted.ts'

it('marks what tasks have left that did not come to their end', () => {
  expect(unacceptedText('failed')).toBe('of a task that failed, not accepted')
  expect(unacceptedText('cancelled')).toBe('of a task that was cancelled, not accepted')
  expect([unacceptedText('completed'), unacceptedText('in_progress'), unacceptedText(undefined)]).toEqual([
    null,
    null,
    null,
  ])
})

it('says what holds of what a failed task has written', () => {
  const nothing = { output: null, verdicts: [] }
  expect(leftText(nothing, 0)).toBeNull()
  expect(leftText(nothing, 1)).toBe('What it had written was not judged to the end, and is not accepted:')
  expect(leftText({ output: {} as never, verdicts: [{}] as never }, 0)).toBe('What it had written is not accepted:')
  expect(whyFailed('its budget is spent')).toBe(': its budget is spent.')
})
