import { describe, expect, it } from 'vitest'
import { assistantTurn, replyText, userText, type ModelOutcome, type ModelRequest } from '../port.ts'
import { events, json, startWire, type WireAnswer } from '../wire.test-support.ts'
import {
  anthropicEnd,
  anthropicStart,
  anthropicText,
  anthropicThinking,
  anthropicTool,
} from '../wire-events.test-support.ts'
import { createAnthropicProvider } from './anthropic.ts'

const request: ModelRequest = {
  model: 'claude-sonnet-5-5',
  system: 'Be brief.',
  messages: [userText('Hello')],
  maxOutputTokens: 500,
}
const tool = (name: string) => ({ name, description: `${name}.`, parameters: { type: 'object', properties: {} } })
const schema = { type: 'object', properties: { n: { type: 'number', minimum: 1 } }, required: ['n'] }
const hello = events([anthropicStart(), ...anthropicText(0, 'Hi', ' there'), ...anthropicEnd('end_turn')])

async function callOn(answer: WireAnswer, asked: ModelRequest = request) {
  await using wire = await startWire(answer)
  const provider = createAnthropicProvider({ apiKey: 'sk-ant-secret', baseURL: wire.url })
  const deltas: string[] = []
  const outcome = await provider.call(asked, {
    signal: new AbortController().signal,
    onText: (delta) => deltas.push(delta),
  })
  return { outcome, deltas, bodies: wire.calls.map((call) => call.body), calls: wire.calls }
}

const replyOf = (outcome: ModelOutcome) => {
  if (!outcome.ok) throw new Error(outcome.failure.message)
  return outcome.reply
}

describe('the Anthropic request', () => {
  it('caches the system prompt, the last tool and the latest message of a conversation that goes on', async () => {
    const { bodies } = await callOn(hello, {
      ...request,
      tools: [tool('first'), tool('last')],
      messages: [userText('Hello'), { role: 'assistant', content: [{ type: 'text', text: 'Hi' }] }, userText('Go on')],
    })
    const cached = { cache_control: { type: 'ephemeral' } }
    expect(bodies[0]).toMatchObject({
      stream: true,
      max_tokens: 500,
      system: [{ type: 'text', text: 'Be brief.', ...cached }],
      tools: [{ name: 'first' }, { name: 'last', ...cached }],
    })
    const body = bodies[0] as { messages: { content: object[] }[]; tools: object[] }
    expect(body.tools[0]).not.toHaveProperty('cache_control')
    expect(body.messages.map((message) => message.content[0])).toEqual([
      { type: 'text', text: 'Hello' },
      { type: 'text', text: 'Hi' },
      { type: 'text', text: 'Go on', ...cached },
    ])
  })

  it('puts tool results before text and leaves empty messages out', async () => {
    const { bodies } = await callOn(hello, {
      ...request,
      messages: [
        userText('Hello'),
        { role: 'assistant', content: [{ type: 'text', text: '' }] },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'and now?' },
            { type: 'tool_result', callId: 'c1', name: 'first', content: 'boom', isError: true },
          ],
        },
      ],
    })
    const { messages } = bodies[0] as { messages: { role: string; content: { type: string }[] }[] }
    expect(messages.map((message) => message.role)).toEqual(['user', 'user'])
    expect(messages[1]?.content.map((block) => block.type)).toEqual(['tool_result', 'text'])
    expect(messages[1]?.content[0]).toMatchObject({ tool_use_id: 'c1', is_error: true })
  })

  it.each([
    ['claude-sonnet-4-6', 0.2],
    ['claude-opus-4-6', 0.2],
    ['claude-opus-4-8', undefined],
    ['claude-sonnet-5-5', undefined],
    ['claude-something-new', undefined],
  ])('sends %s the temperature %s', async (model, expected) => {
    const { bodies } = await callOn(hello, { ...request, model, temperature: 0.2 })
    expect(bodies[0]?.['temperature']).toBe(expected)
  })

  it('sends back its own reasoning unchanged and drops that of another model', async () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 'sig' }
    const own = { type: 'reasoning' as const, provider: 'anthropic' as const, model: request.model, payload: thinking }
    const { bodies } = await callOn(hello, {
      ...request,
      messages: [
        userText('Hello'),
        { role: 'assistant', content: [own, { ...own, model: 'claude-opus-5-5' }, { type: 'text', text: 'Hi' }] },
        userText('Go on'),
      ],
    })
    const { messages } = bodies[0] as { messages: { content: object[] }[] }
    expect(messages[1]?.content).toEqual([thinking, { type: 'text', text: 'Hi' }])
  })
})

describe('the Anthropic stream', () => {
  it('reads thinking, text and tool calls in their order, and counts cached tokens in', async () => {
    const usage = { input_tokens: 10, cache_read_input_tokens: 30, cache_creation_input_tokens: 5, output_tokens: 1 }
    const { outcome, deltas } = await callOn(
      events([
        anthropicStart(usage),
        ...anthropicThinking(0, 'let me see', 'signed'),
        ...anthropicText(1, 'I', ' look'),
        ...anthropicTool(2, 'toolu_1', 'get_weather', '{"city":', '"Oslo"}'),
        ...anthropicTool(3, 'toolu_2', 'now'),
        ...anthropicEnd('tool_use', { output_tokens: 40, output_tokens_details: { thinking_tokens: 9 } }),
      ]),
    )
    const reply = replyOf(outcome)
    expect(reply.content).toEqual([
      {
        type: 'reasoning',
        provider: 'anthropic',
        model: request.model,
        payload: { type: 'thinking', thinking: 'let me see', signature: 'signed' },
      },
      { type: 'text', text: 'I look' },
      { type: 'tool_call', id: 'toolu_1', name: 'get_weather', arguments: { city: 'Oslo' } },
      { type: 'tool_call', id: 'toolu_2', name: 'now', arguments: {} },
    ])
    expect(reply.usage).toEqual({
      inputTokens: 45,
      cachedInputTokens: 30,
      cacheWriteTokens: 5,
      outputTokens: 40,
      reasoningTokens: 9,
    })
    expect(reply.stopReason).toBe('tool_calls')
    expect(deltas).toEqual(['I', ' look'])
    expect(assistantTurn(reply).content).toHaveLength(4)
  })

  it('returns what there is when the length runs out, without half a tool call', async () => {
    const { outcome } = await callOn(
      events([
        anthropicStart(),
        ...anthropicText(0, 'I look'),
        ...anthropicTool(1, 'toolu_1', 'get_weather', '{"city":"Os'),
        ...anthropicEnd('max_tokens'),
      ]),
    )
    expect(replyOf(outcome)).toMatchObject({ stopReason: 'max_tokens', content: [{ type: 'text', text: 'I look' }] })
  })

  it('gives a refusal its explanation as text', async () => {
    const details = { stop_details: { type: 'refusal', category: 'bio', explanation: 'This could do harm.' } }
    const { outcome, deltas } = await callOn(events([anthropicStart(), ...anthropicEnd('refusal', {}, details)]))
    expect(replyOf(outcome)).toMatchObject({ stopReason: 'refusal' })
    expect(replyText(replyOf(outcome))).toBe('This could do harm.')
    expect(deltas.join('')).toBe('This could do harm.')
  })

  it('tells the raw text of tool arguments that are no JSON object', async () => {
    const { outcome } = await callOn(
      events([
        anthropicStart(),
        ...anthropicTool(0, 'toolu_1', 'get_weather', '{"city": Oslo'),
        ...anthropicEnd('tool_use'),
      ]),
    )
    expect(outcome).toMatchObject({
      ok: false,
      raw: '{"city": Oslo',
      usage: { inputTokens: 12, outputTokens: 7 },
      failure: { code: 'model_malformed' },
    })
  })

  it('reports an error event with the usage so far', async () => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const { outcome } = await callOn(events([anthropicStart(), ...anthropicText(0, 'I am'), overloaded]))
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'model_overloaded' },
      usage: { inputTokens: 12 },
      usageEstimated: true,
    })
  })
})

describe('structured output of Anthropic', () => {
  const structured = { ...request, responseSchema: { name: 'count', schema } }
  const answer = (text: string) => events([anthropicStart(), ...anthropicText(0, text), ...anthropicEnd('end_turn')])

  it('is held to the schema by the API, in the API’s own dialect', async () => {
    const { outcome, bodies } = await callOn(answer('{"n":3}'), structured)
    expect(replyOf(outcome).structured).toEqual({ n: 3 })
    expect(bodies[0]?.['output_config']).toMatchObject({
      format: {
        type: 'json_schema',
        schema: { additionalProperties: false, properties: { n: { type: 'number', description: '{minimum: 1}' } } },
      },
    })
  })

  it.each([
    ['a schema with free keys', { type: 'object', additionalProperties: { type: 'number' } }, request.model],
    ['a model without structured output', schema, 'claude-opus-4-1-20250805'],
  ])('is asked for in words with %s', async (_title, asked, model) => {
    const { outcome, bodies } = await callOn(answer('```json\n{"n":3}\n```'), {
      ...request,
      model,
      responseSchema: { name: 'count', schema: asked },
    })
    expect(replyOf(outcome).structured).toEqual({ n: 3 })
    expect(bodies[0]).not.toHaveProperty('output_config')
    expect(JSON.stringify(bodies[0]?.['system'])).toContain('JSON Schema')
  })

  it('falls back to words when the API finds the schema too complex', async () => {
    const refused = json(400, {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'Schema is too complex' },
    })
    const { outcome, bodies } = await callOn(
      (response, call, index) => (index === 0 ? refused : answer('{"n":3}'))(response, call, index),
      structured,
    )
    expect(replyOf(outcome).structured).toEqual({ n: 3 })
    expect(bodies.map((body) => 'output_config' in body)).toEqual([true, false])
  })

  it('repairs small faults once, and calls the rest malformed with its place', async () => {
    const repaired = await callOn(answer("{'n': 3,}"), structured)
    expect(replyOf(repaired.outcome).structured).toEqual({ n: 3 })
    const wrong = await callOn(answer('{"n":"three"}'), structured)
    expect(wrong.outcome).toMatchObject({
      ok: false,
      raw: '{"n":"three"}',
      failure: { code: 'model_malformed', message: expect.stringContaining('n: must be number') as string },
    })
    const prose = await callOn(answer('I would say three.'), structured)
    expect(prose.outcome).toMatchObject({ ok: false, failure: { code: 'model_malformed' } })
  })

  it('does not call a model for a schema that is none', async () => {
    const { outcome, calls } = await callOn(answer('{}'), {
      ...request,
      responseSchema: { name: 'bad', schema: { type: 'objekt' } },
    })
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_bad_request' } })
    expect(calls).toHaveLength(0)
  })
})
