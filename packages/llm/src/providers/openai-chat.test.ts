import { describe, expect, it } from 'vitest'
import { countTokens } from '../tokens.ts'
import { userText, type ModelOutcome, type ModelRequest } from '../port.ts'
import { chatChunk } from '../wire-events.test-support.ts'
import { chunks, json, startWire, type WireAnswer } from '../wire.test-support.ts'
import { createOpenAIChatProvider } from './openai-chat.ts'

const request: ModelRequest = {
  model: 'llama3',
  system: 'Be brief.',
  messages: [userText('Hello')],
  maxOutputTokens: 500,
}
const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
const usage = { prompt_tokens: 11, completion_tokens: 3, total_tokens: 14, prompt_tokens_details: { cached_tokens: 5 } }
const role = chatChunk({ role: 'assistant', content: '' })
const hello = chunks([
  role,
  chatChunk({ content: 'Hi' }),
  chatChunk({ content: ' there' }),
  chatChunk({}, 'stop'),
  { ...chatChunk({}), choices: [], usage },
])

async function callsOn(answer: WireAnswer, asked: ModelRequest, times = 1) {
  await using wire = await startWire(answer)
  const provider = createOpenAIChatProvider({ baseURL: `${wire.url}/v1` })
  const outcomes: ModelOutcome[] = []
  for (let time = 0; time < times; time += 1) {
    outcomes.push(await provider.call(asked, { signal: new AbortController().signal }))
  }
  return { outcomes, outcome: outcomes[0] as ModelOutcome, bodies: wire.calls.map((call) => call.body) }
}

const replyOf = (outcome: ModelOutcome | undefined) => {
  if (!outcome?.ok) throw new Error(outcome?.failure.message)
  return outcome.reply
}

describe('the Chat Completions request', () => {
  it('carries a conversation on in the form that most servers take', async () => {
    const { bodies } = await callsOn(hello, {
      ...request,
      temperature: 0.3,
      messages: [
        userText('Hello'),
        { role: 'assistant', content: [{ type: 'tool_call', id: 'c1', name: 'now', arguments: { zone: 'UTC' } }] },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'well?' },
            { type: 'tool_result', callId: 'c1', name: 'now', content: 'noon' },
          ],
        },
      ],
    })
    expect(bodies[0]).toEqual({
      model: 'llama3',
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 500,
      temperature: 0.3,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'now', arguments: '{"zone":"UTC"}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'noon' },
        { role: 'user', content: 'well?' },
      ],
    })
  })

  it('learns what a server does not know, and keeps to it', async () => {
    const answer: WireAnswer = (response, call, index) => {
      const { body } = call
      const refuse = (message: string) => json(400, { error: { message } })(response, call, index)
      if ('stream_options' in body) return refuse('Unrecognized request argument: stream_options')
      if ('max_tokens' in body) return refuse("'max_tokens' is not supported, use 'max_completion_tokens' instead")
      if ('temperature' in body) return refuse('temperature does not support 0.3 with this model')
      return hello(response, call, index)
    }
    const { outcomes, bodies } = await callsOn(answer, { ...request, temperature: 0.3 }, 2)
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, true])
    expect(bodies).toHaveLength(5)
    expect(bodies.at(-1)).toMatchObject({ max_completion_tokens: 500 })
  })

  it('asks for structured output by schema, then as JSON, then in words', async () => {
    const answer: WireAnswer = (response, call, index) =>
      'response_format' in call.body
        ? json(400, { error: { message: 'response_format is not supported' } })(response, call, index)
        : chunks([chatChunk({ content: '```json\n{"n":2}\n```' }), chatChunk({}, 'stop')])(response, call, index)
    const { outcome, bodies } = await callsOn(answer, { ...request, responseSchema: { name: 'count', schema } })
    expect(replyOf(outcome).structured).toEqual({ n: 2 })
    expect(bodies.map((body) => (body['response_format'] as { type: string } | undefined)?.type)).toEqual([
      'json_schema',
      'json_object',
      undefined,
    ])
    expect(JSON.stringify(bodies[2]?.['messages'])).toContain('JSON Schema')
  })

  it('does not ask again for a fault that is not the dialect’s', async () => {
    const { outcome, bodies } = await callsOn(json(404, { error: { message: 'model "llama3" not found' } }), request)
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_bad_request' } })
    expect(bodies).toHaveLength(1)
  })
})

describe('the Chat Completions stream', () => {
  it('reads text and usage', async () => {
    const { outcome } = await callsOn(hello, request)
    expect(replyOf(outcome)).toMatchObject({
      content: [{ type: 'text', text: 'Hi there' }],
      stopReason: 'end',
      provider: 'openai-compatible',
      usage: { inputTokens: 11, cachedInputTokens: 5, outputTokens: 3 },
    })
    expect(replyOf(outcome)).not.toHaveProperty('usageEstimated')
  })

  it('counts tokens itself where the server tells none, and says so', async () => {
    const { outcome } = await callsOn(
      chunks([role, chatChunk({ content: 'Hi there, friend' }), chatChunk({}, 'stop')]),
      request,
    )
    const reply = replyOf(outcome)
    expect(reply.usageEstimated).toBe(true)
    expect(reply.usage.outputTokens).toBe(countTokens('Hi there, friend'))
    expect(reply.usage.inputTokens).toBeGreaterThan(countTokens('Be brief. Hello'))
  })

  it('reads parallel tool calls in pieces, and whole ones without an index', async () => {
    const piece = (index: number, more: object) => chatChunk({ tool_calls: [{ index, ...more }] })
    const inPieces = await callsOn(
      chunks([
        piece(0, { id: 'a', type: 'function', function: { name: 'now', arguments: '' } }),
        piece(1, { id: 'b', type: 'function', function: { name: 'then', arguments: '{"at"' } }),
        piece(0, { function: { arguments: '{"zone":"UTC"}' } }),
        piece(1, { function: { arguments: ':1}' } }),
        chatChunk({}, 'tool_calls'),
      ]),
      request,
    )
    expect(replyOf(inPieces.outcome)).toMatchObject({
      stopReason: 'tool_calls',
      content: [
        { id: 'a', name: 'now', arguments: { zone: 'UTC' } },
        { id: 'b', name: 'then', arguments: { at: 1 } },
      ],
    })
    const whole = (id: string) => chatChunk({ tool_calls: [{ id, function: { name: 'now', arguments: '{}' } }] })
    const indexless = await callsOn(chunks([whole('a'), whole('b'), chatChunk({}, 'stop')]), request)
    expect(replyOf(indexless.outcome)).toMatchObject({ stopReason: 'tool_calls', content: [{ id: 'a' }, { id: 'b' }] })
  })

  it('ends with max_tokens, leaving half a tool call out', async () => {
    const half = chatChunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'now', arguments: '{"zo' } }] })
    const { outcome } = await callsOn(chunks([chatChunk({ content: 'Well' }), half, chatChunk({}, 'length')]), request)
    expect(replyOf(outcome)).toMatchObject({ stopReason: 'max_tokens', content: [{ type: 'text', text: 'Well' }] })
  })

  it('tells the raw text of tool arguments that are no JSON', async () => {
    const bad = chatChunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'now', arguments: '{zone: UTC' } }] })
    const { outcome } = await callsOn(chunks([bad, chatChunk({}, 'tool_calls')]), request)
    expect(outcome).toMatchObject({ ok: false, raw: '{zone: UTC', failure: { code: 'model_malformed' } })
  })
})
