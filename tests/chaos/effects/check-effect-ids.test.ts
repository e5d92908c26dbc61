import { expect, test } from 'vitest'
import { checkEffectIds, type LedgerCall } from './check-effect-ids.ts'
import type { EffectLine } from './effect-journal.ts'

const WHAT = 'plan 1, t1, page 1'
const line = (effectId: string, change: Partial<EffectLine> = {}): EffectLine => ({
  kind: 'effect',
  tool: 'put',
  effectId,
  what: WHAT,
  at: 0,
  ...change,
})
const call = (effectId: string, change: Partial<LedgerCall> = {}): LedgerCall => ({
  run: 'run_1',
  idx: 1,
  begun: 1,
  tool: 'put',
  effectId,
  what: WHAT,
  ...change,
})
const found = (lines: readonly EffectLine[], ledger: readonly LedgerCall[]): string[] =>
  checkEffectIds(lines, ledger).map(({ detail }) => detail)

test('a call may be made again under its effect id, and another conversation has its own', () => {
  expect(found([line('a'), line('a'), line('b')], [call('a'), call('b', { begun: 2 })])).toEqual([])
})

test('a call has one effect id', () => {
  expect(found([line('a'), line('b')], [call('a'), call('b')])).toEqual([
    `put (${WHAT}) of one conversation has the effect ids a, b`,
  ])
})

test('an effect id stands for one call', () => {
  expect(found([], [call('a'), call('a', { what: 'plan 1, t1, page 2' })])).toEqual([
    `a stands for put (${WHAT}) and put (plan 1, t1, page 2)`,
  ])
})

test('no effect comes that the ledger does not know, or knows as another', () => {
  expect(found([line('a')], [])).toEqual([`put (${WHAT}) took effect as a; the ledger has no call of this effect id`])
  expect(found([line('a', { tool: 'pay' })], [call('a')])).toEqual([
    `pay (${WHAT}) took effect as a; the ledger has put (${WHAT}) under it`,
  ])
})

test('a question is no effect', () => {
  expect(found([line('asked a', { kind: 'told_not_happened' })], [])).toEqual([])
})
