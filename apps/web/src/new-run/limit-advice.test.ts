import { expect, it } from 'vitest'
import { EMPTY_FORM } from './form.ts'
import { limitAdvice, type Estimate } from './limit-advice.ts'

const range = (expected: number, high: number) => ({ low: 0, expected, high })
const estimate = {
  tokens: range(140_000, 280_000),
  costUsd: range(0, 0),
  seconds: range(90, 240),
} as unknown as Estimate

it.each([
  ['tokens', '', undefined],
  ['tokens', '280000', undefined],
  ['tokens', 'many', undefined],
  ['tokens', '-1', undefined],
  ['tokens', '200000', 'The limit is within what it may take (up to 280.0k): the run may stop before its last task.'],
  [
    'tokens',
    '1000',
    'The limit is below what it is expected to take (about 140.0k, up to 280.0k): the run will probably stop before its last task.',
  ],
  ['costUsd', '0', undefined],
  ['minutes', '3', 'The limit is within what it may take (up to 4 min): the run may stop before its last task.'],
] as const)('of a limit of %s %s', (field, value, advice) =>
  expect(limitAdvice({ ...EMPTY_FORM, [field]: value }, field, estimate)).toBe(advice),
)

it('says nothing before there is an estimate', () =>
  expect(limitAdvice({ ...EMPTY_FORM, tokens: '1' }, 'tokens', undefined)).toBeUndefined())
