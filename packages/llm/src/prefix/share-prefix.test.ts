import { startModelServer, type Answer } from '@flotilla/testing/model-server'
import { describe, expect, it } from 'vitest'
import { providerOn, WIRE_MODELS, type WireName } from '../mock-models.test-support.ts'
import type { ModelProvider, ModelRequest } from '../port.ts'
import { COLD_PREFIX, decidePrefix, DEFAULT_PREFIX } from './decide-prefix.ts'
import { prefixKey } from './prefix-key.ts'
import { sharePrefix } from './share-prefix.ts'

const shared = 'What is known about the fleet. '.repeat(200)
const requestOf = (wire: WireName, task: number): ModelRequest => ({
  model: WIRE_MODELS[wire],
  system: 'Be brief.',
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: shared, endsPrefix: true },
        { type: 'text', text: `Task ${task}.` },
      ],
    },
  ],
  maxOutputTokens: 100,
  cacheKey: 'run-1',
})

describe('a prefix', () => {
  it('is written by one, waited for by others, and read while the cache keeps it', () => {
    const asked = decidePrefix(DEFAULT_PREFIX, COLD_PREFIX, 'ask', 1000)
    expect(asked.outcome).toEqual({ is: 'write' })
    expect(decidePrefix(DEFAULT_PREFIX, asked.state, 'ask', 2000).outcome).toEqual({ is: 'wait', until: 9000 })
    const began = decidePrefix(DEFAULT_PREFIX, asked.state, 'began', 3000)
    expect(decidePrefix(DEFAULT_PREFIX, began.state, 'ask', 3001).outcome).toEqual({ is: 'read' })
    expect(decidePrefix(DEFAULT_PREFIX, began.state, 'ask', 293_000).outcome).toEqual({ is: 'write' })
    const failed = decidePrefix(DEFAULT_PREFIX, asked.state, 'failed', 3000)
    expect(decidePrefix(DEFAULT_PREFIX, failed.state, 'ask', 3001).outcome).toEqual({ is: 'write' })
  })

  it('is the same for calls that differ after its end alone', () => {
    const key = prefixKey(requestOf('anthropic', 1))
    expect(key).toBe(prefixKey(requestOf('anthropic', 2)))
    expect(key).not.toBe(prefixKey({ ...requestOf('anthropic', 1), system: 'Be thorough.' }))
    expect(key).not.toBe(prefixKey({ ...requestOf('anthropic', 1), model: 'claude-opus-5-5' }))
    expect(prefixKey({ ...requestOf('anthropic', 1), messages: [] })).toBeUndefined()
  })
})

describe.each<WireName>(['anthropic', 'responses'])('tasks that begin together on %s', (wire) => {
  async function runOf(wrap: (provider: ModelProvider) => ModelProvider, first: Answer = {}) {
    await using server = await startModelServer({
      cacheFromTokens: 512,
      rules: [(_asked, nth) => ({ text: 'Done.', firstTokenMs: 200, ...(nth === 1 && first) })],
    })
    const provider = wrap(providerOn(wire, server.url))
    const tasks = Array.from({ length: 12 }, (_, task) =>
      provider.call(requestOf(wire, task), { signal: new AbortController().signal }),
    )
    const outcomes = await Promise.all(tasks)
    return { answered: outcomes.filter(({ ok }) => ok).length, entries: server.journal.entries }
  }

  it('each pay for what they share when nothing holds them back', async () => {
    const { entries } = await runOf((provider) => provider)
    expect(entries.filter(({ tokens }) => tokens?.cached === 0)).toHaveLength(12)
  })

  it('pay for what they share once', async () => {
    const { answered, entries } = await runOf((provider) => sharePrefix(provider, { now: Date.now }))
    expect(answered).toBe(12)
    expect(entries.filter(({ tokens }) => tokens?.cached === 0)).toHaveLength(1)
  })

  it('do not go out when their lane has closed while they were held back', async () => {
    await using server = await startModelServer({ rules: [() => ({ text: 'Done.', firstTokenMs: 200 })] })
    const provider = sharePrefix(providerOn(wire, server.url), { now: Date.now })
    const shut = { ok: false, failure: { code: 'model_rate_limited', message: 'closed' } } as const
    const call = (task: number, instead: () => typeof shut | null) =>
      provider.call(requestOf(wire, task), { signal: new AbortController().signal, instead })
    const outcomes = await Promise.all([call(1, () => null), call(2, () => shut), call(3, () => null)])
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(server.journal.entries).toHaveLength(2)
  })

  it('go on by another when the first fails', async () => {
    const { answered, entries } = await runOf((provider) => sharePrefix(provider, { now: Date.now }), { status: 500 })
    expect(answered).toBe(11)
    expect(entries.filter(({ tokens }) => tokens?.cached === 0)).toHaveLength(1)
  })
})
