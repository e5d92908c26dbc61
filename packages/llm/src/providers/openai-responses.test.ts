import { describe, expect, it } from 'vitest'
import { assistantTurn, replyText, userText, type ModelOutcome, type ModelRequest } from '../port.ts'
import { responsesDone, responsesEnd, responsesText } from '../wire-events.test-support.ts'
import { events, startWire, type WireAnswer } from '../wire.test-support.ts'
import { createOpenAIResponsesProvider } from './openai-responses.ts'

const request: ModelRequest = {
  model: 'gpt-6.1-sol',
  system: 'Be brief.',
  messages: [userText('Hello')],
  maxOutputTokens: 500,
}
const closed = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'], additionalProperties: false }
const loose = { type: 'object', properties: { n: { type: 'number' } } }
const hello = events([...responsesText(0, 'Hi', ' there'), responsesEnd('completed')])

async function callOn(answer: WireAnswer, asked: ModelRequest = request) {
  await using wire = await startWire(answer)
  const provider = createOpenAIResponsesProvider({ apiKey: 'sk-secret', baseURL: `${wire.url}/v1` })
  const deltas: string[] = []
  const outcome = await provider.call(asked, {
    signal: new AbortController().signal,
    onText: (delta) => deltas.push(delta),
  })
  return { outcome, deltas, calls: wire.calls, body: wire.calls[0]?.body ?? {} }
}

const replyOf = (outcome: ModelOutcome) => {
  if (!outcome.ok) throw new Error(outcome.failure.message)
  return outcome.reply
}

describe('the Responses request', () => {
  it('stores nothing at the provider and says which tools and schemas are strict', async () => {
    const { body, calls } = await callOn(events([...responsesText(0, '{"n":1}'), responsesEnd('completed')]), {
      ...request,
      temperature: 0.1,
      tools: [
        { name: 'strict', description: 's', parameters: closed },
        { name: 'loose', description: 'l', parameters: loose },
      ],
      responseSchema: { name: 'count', schema: closed },
    })
    expect(calls[0]?.path).toBe('/v1/responses')
    expect(body).toMatchObject({
      model: 'gpt-6.1-sol',
      instructions: 'Be brief.',
      store: false,
      stream: true,
      max_output_tokens: 500,
      tools: [
        { name: 'strict', strict: true },
        { name: 'loose', strict: false },
      ],
      text: { format: { type: 'json_schema', name: 'count', strict: true } },
    })
    expect(body).not.toHaveProperty('temperature')
  })

  it('sends a temperature to the models that take one', async () => {
    const { body } = await callOn(hello, { ...request, model: 'gpt-4.1', temperature: 0.1 })
    expect(body['temperature']).toBe(0.1)
  })

  it('carries a conversation on: reasoning, calls, results and text in order', async () => {
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'xyz' }
    const call = { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }
    const first = await callOn(
      events([
        responsesDone(0, { ...reasoning, status: 'completed' }),
        responsesDone(1, call),
        responsesEnd('completed'),
      ]),
    )
    const reply = replyOf(first.outcome)
    expect(reply.stopReason).toBe('tool_calls')
    const { body } = await callOn(hello, {
      ...request,
      messages: [
        userText('Hello'),
        assistantTurn(reply),
        {
          role: 'user',
          content: [
            { type: 'tool_result', callId: 'call_1', name: 'get_weather', content: 'no such city', isError: true },
            { type: 'text', text: 'Try again' },
          ],
        },
      ],
    })
    expect(body['input']).toEqual([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
      reasoning,
      call,
      { type: 'function_call_output', call_id: 'call_1', output: 'The tool failed: no such city' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Try again' }] },
    ])
  })
})

describe('the Responses stream', () => {
  it('reads text and all kinds of tokens', async () => {
    const { outcome, deltas } = await callOn(hello)
    const reply = replyOf(outcome)
    expect(replyText(reply)).toBe('Hi there')
    expect(deltas).toEqual(['Hi', ' there'])
    expect(reply).toMatchObject({ stopReason: 'end', model: 'gpt-6.1-sol-2026-09-29', provider: 'openai' })
    expect(reply.usage).toEqual({
      inputTokens: 20,
      cachedInputTokens: 8,
      cacheWriteTokens: 4,
      outputTokens: 10,
      reasoningTokens: 6,
    })
  })

  it.each([
    ['max_output_tokens', 'max_tokens'],
    ['content_filter', 'refusal'],
  ])('ends for %s with %s', async (reason, stopReason) => {
    const { outcome } = await callOn(
      events([...responsesText(0, 'Once upon'), responsesEnd('incomplete', { incomplete_details: { reason } })]),
    )
    expect(replyOf(outcome)).toMatchObject({ stopReason, content: [{ type: 'text', text: 'Once upon' }] })
  })

  it('gives a refusal as text', async () => {
    const { outcome, deltas } = await callOn(
      events([
        { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'I cannot.' },
        responsesDone(0, { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I cannot.' }] }),
        responsesEnd('completed'),
      ]),
    )
    expect(replyOf(outcome)).toMatchObject({ stopReason: 'refusal', content: [{ type: 'text', text: 'I cannot.' }] })
    expect(deltas).toEqual(['I cannot.'])
  })

  it.each([
    ['server_error', 'model_unavailable'],
    ['rate_limit_exceeded', 'model_rate_limited'],
    ['invalid_prompt', 'model_bad_request'],
  ])('fails for a response that failed with %s', async (code, expected) => {
    const failed = responsesEnd('failed', { error: { code, message: 'it broke' } })
    const { outcome } = await callOn(events([...responsesText(0, 'Once'), failed]))
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: expected, message: expect.stringContaining('it broke') as string },
      usage: { inputTokens: 20, outputTokens: 10 },
    })
  })

  it('tells the raw text of tool arguments that are no JSON object', async () => {
    const call = { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '["Oslo"]' }
    const { outcome } = await callOn(events([responsesDone(0, call), responsesEnd('completed')]))
    expect(outcome).toMatchObject({ ok: false, raw: '["Oslo"]', failure: { code: 'model_malformed' } })
  })

  it('holds a structured answer to its schema', async () => {
    const asked = { ...request, responseSchema: { name: 'count', schema: closed } }
    const right = await callOn(events([...responsesText(0, '{"n":', '4}'), responsesEnd('completed')]), asked)
    expect(replyOf(right.outcome).structured).toEqual({ n: 4 })
    const wrong = await callOn(events([...responsesText(0, '{"m":4}'), responsesEnd('completed')]), asked)
    expect(wrong.outcome).toMatchObject({ ok: false, raw: '{"m":4}', failure: { code: 'model_malformed' } })
  })
})
