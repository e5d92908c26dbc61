import { startModelServer, type Answer, type ModelServer, type Rule } from '@flotilla/testing/model-server'
import * as vitest from 'vitest'
import { describe, expect, it } from 'vitest'
import { conformanceRequest, describeConformance } from './conformance.ts'
import { providerOn, WIRE_MODELS, WIRES, type WireName } from './mock-models.test-support.ts'
import { assistantTurn, replyText, userText, type ModelOutcome, type ModelRequest, type ModelTimeouts } from './port.ts'

const weather = (city: string) => ({ name: 'get_weather', arguments: { city } })
const NUMBERS = Array.from({ length: 60 }, (_, n) => `number ${n + 1}`).join(', ')

const conformance: Rule = ({ first, turn }) => {
  if (turn > 1) return { text: 'It is 7 degrees in Oslo, and raining.' }
  if (first.includes('Conformance long text')) return { text: NUMBERS, betweenMs: 15 }
  if (first.includes('parallel')) return { calls: [weather('Oslo'), weather('Lima')] }
  if (first.includes('tool call')) return { text: 'I look it up.', calls: [weather('Oslo')] }
  if (first.includes('structured')) return { text: '{"city":"Oslo","degrees":7}' }
  if (first.includes('failure')) return { status: 400, message: 'I do not like this request' }
  return { text: 'Hello, and good morning to you.' }
}

for (const wire of WIRES) {
  describeConformance(vitest, {
    name: `the ${wire} provider on the mock server`,
    open: async () => {
      const server = await startModelServer({ rules: [conformance] })
      return { provider: providerOn(wire, server.url), close: () => server.close() }
    },
    request: (scenario) => conformanceRequest(scenario, WIRE_MODELS[wire]),
  })
}

const requestOf = (wire: WireName, more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: WIRE_MODELS[wire],
  system: 'Be brief.',
  messages: [userText('Tell a story.')],
  maxOutputTokens: 500,
  ...more,
})

async function callOn(
  wire: WireName,
  answer: Answer,
  timeouts: Partial<ModelTimeouts> = {},
): Promise<{ outcome: ModelOutcome; server: ModelServer }> {
  await using server = await startModelServer()
  server.script(answer)
  const request = requestOf(wire, { timeouts })
  const outcome = await providerOn(wire, server.url).call(request, { signal: new AbortController().signal })
  return { outcome, server }
}

const STORY = 'Once upon a time there was a fleet of agents that kept its word.'

describe.each(WIRES)('the %s provider', (wire) => {
  it.each<[Answer, string, number?]>([
    [{ status: 429, retryAfter: 7 }, 'model_rate_limited', 7000],
    [{ status: 429 }, 'model_rate_limited'],
    [{ status: 529 }, 'model_overloaded'],
    [{ status: 500 }, 'model_unavailable'],
    [{ status: 401 }, 'model_auth'],
    [{ status: 400 }, 'model_bad_request'],
    [{ status: 408 }, 'model_timeout'],
    [{ text: STORY, fault: 'cut' }, 'model_unavailable'],
    [{ text: STORY, fault: 'reset' }, 'model_unavailable'],
    [{ text: STORY, fault: 'malformed' }, 'model_unavailable'],
  ])('ends for %j with %s', async (answer, code, retryAfterMs) => {
    const { outcome, server } = await callOn(wire, answer)
    expect(outcome).toMatchObject({ ok: false, failure: { code } })
    expect(!outcome.ok && outcome.failure.retryAfterMs).toBe(retryAfterMs)
    expect(server.journal.totals()).toMatchObject({ calls: 1, open: 0 })
    if (answer.fault) expect(outcome).toMatchObject({ usageEstimated: true })
  })

  it.each<[Answer, Partial<ModelTimeouts>, string]>([
    [{ fault: 'silent' }, { connectMs: 50 }, 'did not answer within 50 ms'],
    [{ fault: 'no_token' }, { firstTokenMs: 50 }, 'sent no first token within 50 ms'],
    [{ text: STORY, firstTokenMs: 300 }, { firstTokenMs: 50 }, 'sent no first token within 50 ms'],
    [{ text: STORY, fault: 'stalled' }, { idleMs: 50 }, 'went silent in the middle of its answer within 50 ms'],
    [{ text: STORY, betweenMs: 40 }, { totalMs: 90 }, 'did not finish its answer within 90 ms'],
  ])('times out on %j by %j', async (answer, timeouts, message) => {
    const { outcome, server } = await callOn(wire, answer, timeouts)
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_timeout' } })
    expect(!outcome.ok && outcome.failure.message).toContain(message)
    await vitest.vi.waitUntil(() => server.journal.entries[0]?.end === 'hung_up', 30_000)
  })

  it('bears a slow first token and a slow answer', async () => {
    const { outcome } = await callOn(wire, { text: STORY, firstTokenMs: 60, betweenMs: 2 }, { idleMs: 1000 })
    expect(outcome).toMatchObject({ ok: true, reply: { stopReason: 'end' } })
    expect(outcome.ok && replyText(outcome.reply)).toBe(STORY)
    expect(outcome.ok && outcome.reply.firstTokenMs).toBeGreaterThanOrEqual(60)
  })

  it('tells tool arguments that are none', async () => {
    const { outcome } = await callOn(wire, { calls: [{ name: 'get_weather', arguments: '{"city": "Os' }] })
    expect(outcome).toMatchObject({ ok: false, raw: '{"city": "Os', failure: { code: 'model_malformed' } })
  })

  it('tells a refusal, and why', async () => {
    const refusal = { category: 'cyber', explanation: 'I cannot help with that.' }
    const { outcome } = await callOn(wire, { refusal })
    const why = wire === 'anthropic' ? refusal : { explanation: refusal.explanation }
    expect(outcome).toMatchObject({ ok: true, reply: { stopReason: 'refusal', refusal: why } })
    expect(outcome.ok && replyText(outcome.reply)).toBe(refusal.explanation)
  })

  it('tells an answer that was cut at its length, in the provider’s own word too', async () => {
    const { outcome } = await callOn(wire, { text: STORY, stop: 'max_tokens' })
    const words = { anthropic: 'max_tokens', responses: 'max_output_tokens', chat: 'length' }
    expect(outcome).toMatchObject({ ok: true, reply: { stopReason: 'max_tokens', providerStop: words[wire] } })
  })

  it('carries a conversation with reasoning and calls on', async () => {
    await using server = await startModelServer()
    server.script({ thinking: 'Where is Oslo?', calls: [weather('Oslo'), weather('Lima')] }, { text: 'Rain.' })
    const provider = providerOn(wire, server.url)
    const options = { signal: new AbortController().signal }
    const request = requestOf(wire)
    const first = await provider.call(request, options)
    if (!first.ok) throw new Error(first.failure.message)
    const calls = first.reply.content.filter((part) => part.type === 'tool_call')
    expect(calls.map((call) => call.arguments)).toEqual([{ city: 'Oslo' }, { city: 'Lima' }])
    expect(first.reply.usage.reasoningTokens).toBeGreaterThan(0)
    const results = calls.map(({ id, name }) => ({ type: 'tool_result' as const, callId: id, name, content: 'ok' }))
    const messages = [...request.messages, assistantTurn(first.reply), { role: 'user' as const, content: results }]
    const second = await provider.call({ ...request, messages }, options)
    expect(second).toMatchObject({ ok: true, reply: { stopReason: 'end' } })
    expect(server.journal.entries.map(({ turn }) => turn)).toEqual([1, 2])
  })

  it('counts calls that are open at once, and tells other processes what it saw', async () => {
    const gate = Promise.withResolvers<void>()
    await using server = await startModelServer({ rules: [() => ({ text: 'Hi', when: gate.promise })] })
    const provider = providerOn(wire, server.url)
    const call = () => provider.call(requestOf(wire), { signal: new AbortController().signal })
    const calls = [call(), call(), call()]
    await vitest.vi.waitUntil(() => server.journal.totals().open === 3, 30_000)
    gate.resolve()
    await Promise.all(calls)
    const told = (await (await fetch(`${server.url}/journal`)).json()) as Record<string, unknown>
    expect(told).toMatchObject({ calls: 3, answered: 3, open: 0, mostOpen: 3, entries: [{ key: 'key-1' }, {}, {}] })
  })
})

describe('the prefix that the tasks of a run share', () => {
  const shared = `The goal.\n${'What is known about the fleet. '.repeat(200)}`

  async function runOf(wire: WireName, marks: boolean) {
    await using server = await startModelServer({ cacheFromTokens: 512 })
    const provider = providerOn(wire, server.url)
    for (let task = 0; task < 8; task++) {
      const prefix = { type: 'text' as const, text: shared, ...(marks && { endsPrefix: true as const }) }
      const content = [prefix, { type: 'text' as const, text: `Task ${task}: do a part of it.` }]
      const request = requestOf(wire, { messages: [{ role: 'user', content }], cacheKey: 'run-1' })
      const outcome = await provider.call(request, { signal: new AbortController().signal })
      expect(outcome.ok).toBe(true)
    }
    const { tokens } = server.journal.totals()
    return tokens.cached / (tokens.input + tokens.cached + tokens.written)
  }

  it.each<WireName>(['anthropic', 'responses'])('is paid once on %s, and each time without its mark', async (wire) => {
    expect(await runOf(wire, true)).toBeGreaterThan(0.8)
    expect(await runOf(wire, false)).toBe(0)
  })
})
