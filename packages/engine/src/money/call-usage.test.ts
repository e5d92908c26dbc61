import { NO_TOKENS, type ModelFailure, type ModelReply } from '@flotilla/llm'
import { expect, it } from 'vitest'
import { usedOf } from './call-usage.ts'

const PRICE = { input: 1, cachedInput: 0.1, cacheWrite: 1, output: 10 }
const usage = { ...NO_TOKENS, inputTokens: 100, outputTokens: 10 }
const reply: ModelReply = {
  content: [{ type: 'text', text: 'Done.' }],
  stopReason: 'end',
  usage,
  model: 'm',
  provider: 'scripted',
  simulated: true,
}
const cut: ModelFailure = { ok: false, failure: { code: 'model_unavailable', message: 'cut off' }, usage }

it('what a provider has told is no estimate, what was counted here is one', () => {
  expect(usedOf(PRICE, { ok: true, reply }, 2_000)).toMatchObject({ tokens: 110, costUsd: 0.0002, seconds: 2, usage })
  expect(usedOf(PRICE, { ok: true, reply }, 0)).not.toHaveProperty('estimated')
  expect(usedOf(PRICE, { ok: true, reply: { ...reply, usageEstimated: true } }, 0)).toMatchObject({ estimated: true })
  expect(usedOf(PRICE, cut, 0)).not.toHaveProperty('estimated')
  expect(usedOf(PRICE, { ...cut, usageEstimated: true }, 0)).toMatchObject({ costUsd: 0.0002, estimated: true })
})

it('a call that used nothing is not paid', () => {
  expect(usedOf(PRICE, { ok: false, failure: cut.failure }, 0)).toBeNull()
})
