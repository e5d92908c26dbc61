import { expect, test } from 'vitest'
import { checkEffects } from './check-effects.ts'
import type { EffectLine } from './effect-journal.ts'

const line = (tool: string, effectId: string, kind: EffectLine['kind'] = 'effect'): EffectLine => ({
  kind,
  tool,
  effectId,
  what: 'plan 1, t1, page 1',
  at: 0,
})
const found = (lines: readonly EffectLine[], repeats: [string, number][] = []): number =>
  checkEffects(lines, new Map(repeats)).length

test('an unsafe effect stands there once, others as often as they like', () => {
  expect(
    found([
      line('pay', 'a'),
      line('send', 'b'),
      line('look', 'c'),
      line('look', 'c'),
      line('put', 'd'),
      line('put', 'd'),
    ]),
  ).toBe(0)
  expect(found([line('pay', 'a'), line('pay', 'a')])).toBe(1)
})

test('a person may say that it is to be made again, once for each time', () => {
  expect(found([line('send', 'a'), line('send', 'a')], [['a', 1]])).toBe(0)
  expect(found([line('send', 'a'), line('send', 'a'), line('send', 'a')], [['a', 1]])).toBe(1)
  expect(found([line('send', 'a'), line('send', 'a')], [['b', 1]])).toBe(1)
})

test('so may the system outside, which said that it had not happened', () => {
  expect(found([line('pay', 'asked a', 'told_not_happened'), line('pay', 'a'), line('pay', 'a')])).toBe(0)
  expect(found([line('pay', 'asked a', 'told_happened'), line('pay', 'a'), line('pay', 'a')])).toBe(1)
})
