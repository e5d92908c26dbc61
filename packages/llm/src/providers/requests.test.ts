import { describe, expect, it } from 'vitest'
import { userText, type Effort, type ModelProvider, type ModelRequest, type UserPart } from '../port.ts'
import { chatChunk } from '../wire-events.test-support.ts'
import { chunks, json, startWire, type WireAnswer } from '../wire.test-support.ts'
import { createAnthropicProvider } from './anthropic.ts'
import { createOpenAIChatProvider } from './openai-chat.ts'
import { createOpenAIResponsesProvider } from './openai-responses.ts'

type Body = Record<string, unknown>
const PROVIDERS = {
  anthropic: (url: string): ModelProvider => createAnthropicProvider({ apiKey: 'k', baseURL: url }),
  responses: (url: string): ModelProvider => createOpenAIResponsesProvider({ apiKey: 'k', baseURL: `${url}/v1` }),
  chat: (url: string): ModelProvider => createOpenAIChatProvider({ baseURL: `${url}/v1` }),
}

/** What the SDK sends for a request; the answer does not matter. */
async function sent(wire: keyof typeof PROVIDERS, more: Partial<ModelRequest>): Promise<Body> {
  const { bodies } = await callOn(wire, more, json(500, { error: { message: 'no', type: 'api_error' } }))
  const [body] = bodies
  if (!body) throw new Error('nothing was sent')
  return body
}

async function callOn(wire: keyof typeof PROVIDERS, more: Partial<ModelRequest>, answer: WireAnswer) {
  await using server = await startWire(answer)
  const outcome = await PROVIDERS[wire](server.url).call(
    { model: MODELS[wire], system: 'Be brief.', messages: [userText('Hello')], maxOutputTokens: 4000, ...more },
    { signal: new AbortController().signal },
  )
  return { outcome, bodies: server.calls.map((call) => call.body) }
}

const MODELS = { anthropic: 'claude-sonnet-5-5', responses: 'gpt-6.1-sol', chat: 'llama3' } as const
const PNG = Buffer.from('png').toString('base64')
const PDF = Buffer.from('%PDF /Type /Page ').toString('base64')
const NOTES = Buffer.from('Rain.').toString('base64')
const shown: UserPart[] = [
  { type: 'image', mediaType: 'image/png', source: { data: PNG } },
  { type: 'document', name: 'report.pdf', mediaType: 'application/pdf', source: { data: PDF } },
  { type: 'document', name: 'notes.txt', mediaType: 'text/plain', source: { data: NOTES } },
  { type: 'text', text: 'What is this?' },
]
const lastContent = (body: Body, list: string): unknown => (body[list] as { content: unknown }[]).at(-1)?.content

describe('images and documents', () => {
  const showing = { messages: [{ role: 'user' as const, content: shown }] }

  it('go to Anthropic as blocks', async () => {
    expect(lastContent(await sent('anthropic', showing), 'messages')).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      { type: 'document', title: 'report.pdf', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
      { type: 'document', title: 'notes.txt', source: { type: 'text', media_type: 'text/plain', data: 'Rain.' } },
      { type: 'text', text: 'What is this?' },
    ])
  })

  it('go to the Responses API as input items', async () => {
    expect(lastContent(await sent('responses', showing), 'input')).toEqual([
      { type: 'input_image', detail: 'high', image_url: `data:image/png;base64,${PNG}` },
      { type: 'input_file', filename: 'report.pdf', file_data: `data:application/pdf;base64,${PDF}` },
      { type: 'input_text', text: 'notes.txt:\n\nRain.' },
      { type: 'input_text', text: 'What is this?' },
    ])
  })

  it('go to compatible servers as content parts', async () => {
    expect(lastContent(await sent('chat', showing), 'messages')).toEqual([
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'high' } },
      { type: 'file', file: { filename: 'report.pdf', file_data: `data:application/pdf;base64,${PDF}` } },
      { type: 'text', text: 'notes.txt:\n\nRain.' },
      { type: 'text', text: 'What is this?' },
    ])
  })

  it.each<[string, UserPart, string, string?]>([
    ['a type', { type: 'image', mediaType: 'image/tiff', source: { data: PNG } }, 'image/tiff cannot be read'],
    ['emptiness', { type: 'image', mediaType: 'image/png', source: { data: '' } }, 'is empty'],
    ['absence', { type: 'image', mediaType: 'image/png', source: { ref: 'artifact:7' } }, 'not loaded (artifact:7)'],
    ['a blind model', { type: 'image', mediaType: 'image/png', source: { data: PNG } }, 'no images', 'gpt-3.5-turbo'],
  ])('that cannot be read for %s stop the call before it is made', async (_why, part, message, model) => {
    const messages = [{ role: 'user' as const, content: [part] }]
    const { outcome, bodies } = await callOn('responses', { messages, ...(model && { model }) }, json(500, {}))
    expect(bodies).toHaveLength(0)
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_bad_request' } })
    expect(!outcome.ok && outcome.failure.message).toContain(message)
  })
})

const prefix: UserPart[] = [
  { type: 'text', text: 'The goal and what is known.', endsPrefix: true },
  { type: 'text', text: 'The task.' },
]
const tools = ['first', 'last'].map((name) => ({
  name,
  description: name,
  parameters: { type: 'object', properties: {} },
}))
const marked = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return []
  const own = 'cache_control' in value || 'prompt_cache_breakpoint' in value
  const { name, text, tool_use_id: call } = value as { name?: string; text?: string; tool_use_id?: string }
  return [...(own ? [name ?? text ?? call ?? '?'] : []), ...Object.values(value).flatMap(marked)]
}

describe('the shared prefix', () => {
  const first = { role: 'user' as const, content: prefix }
  const calls = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ type: 'tool_call' as const, id: `c${n}`, name: 'first', arguments: {} }))
  const turn = (count: number) => [
    { role: 'assistant' as const, content: calls(count) },
    {
      role: 'user' as const,
      content: calls(count).map(({ id }) => ({
        type: 'tool_result' as const,
        callId: id,
        name: 'first',
        content: 'ok',
      })),
    },
  ]

  it('is where Anthropic writes its cache, with tools and system before it', async () => {
    const body = await sent('anthropic', { messages: [first], tools, cacheKey: 'run-1' })
    expect(marked(body).toSorted()).toEqual(['Be brief.', 'The goal and what is known.', 'The task.', 'last'])
  })

  it('ends there at Anthropic for a call without tools, whose conversation will not go on', async () => {
    const body = await sent('anthropic', { messages: [first] })
    expect(marked(body).toSorted()).toEqual(['Be brief.', 'The goal and what is known.'])
  })

  it('keeps its place at Anthropic when the conversation goes on', async () => {
    const body = await sent('anthropic', { messages: [first, ...turn(2)], tools })
    expect(marked(body).toSorted()).toEqual(['Be brief.', 'The goal and what is known.', 'c1', 'last'])
  })

  it('gets a breakpoint less far back than the API looks, after a turn of many calls', async () => {
    const body = await sent('anthropic', { messages: [first, ...turn(1), ...turn(12)], tools })
    expect(marked(body).toSorted()).toEqual(['Be brief.', 'The goal and what is known.', 'c0', 'c11'])
  })

  it('is marked for OpenAI’s models that cache at marks, with a key', async () => {
    const body = await sent('responses', { messages: [first], tools, cacheKey: 'run-1' })
    expect(body['prompt_cache_key']).toBe('run-1')
    expect(body).not.toHaveProperty('instructions')
    expect(marked(body)).toEqual(['Be brief.', 'The goal and what is known.'])
    expect((body['input'] as Body[])[0]).toMatchObject({ role: 'developer' })
  })

  it('is not marked for those that take no marks, nor where no call shares it', async () => {
    const old = await sent('responses', { messages: [first], model: 'gpt-5.5', cacheKey: 'run-1' })
    expect([marked(old), old['instructions'], old['prompt_cache_key']]).toEqual([[], 'Be brief.', 'run-1'])
    const alone = await sent('responses', { messages: [first] })
    expect([marked(alone), alone['instructions']]).toEqual([[], 'Be brief.'])
  })
})

describe('reasoning', () => {
  it.each<[string, Effort | undefined, unknown, unknown]>([
    ['claude-opus-5-5', undefined, undefined, undefined],
    ['claude-opus-5-5', 'max', undefined, 'max'],
    ['claude-opus-5-5', 'none', undefined, 'low'],
    ['claude-sonnet-5-5', 'none', { type: 'between_tools' }, undefined],
    ['claude-haiku-5-5', 'none', { type: 'disabled' }, undefined],
    ['claude-haiku-5-5', 'minimal', undefined, 'low'],
    ['claude-opus-4-8', 'xhigh', { type: 'adaptive' }, 'xhigh'],
    ['claude-opus-4-8', 'none', undefined, undefined],
    ['claude-sonnet-4-6', 'xhigh', { type: 'adaptive' }, 'high'],
    ['claude-opus-4-5', 'max', { type: 'enabled', budget_tokens: 3600 }, 'high'],
    ['claude-haiku-4-5', 'medium', { type: 'enabled', budget_tokens: 1600 }, undefined],
    ['claude-3-5-sonnet-20241022', 'high', undefined, undefined],
  ])('%s at effort %s is sent as thinking %j and effort %s', async (model, effort, thinking, level) => {
    const body = await sent('anthropic', { model, ...(effort && { reasoning: { effort } }) })
    expect(body['thinking']).toEqual(thinking)
    expect((body['output_config'] as { effort?: string } | undefined)?.effort).toBe(level)
  })

  it('takes a budget where the model does, without a temperature, and never all of the output', async () => {
    const asked = { model: 'claude-sonnet-4-5', temperature: 0.2, reasoning: { budgetTokens: 9000 } }
    const body = await sent('anthropic', asked)
    expect(body).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 3999 }, max_tokens: 4000 })
    expect(body).not.toHaveProperty('temperature')
    expect(await sent('anthropic', { ...asked, maxOutputTokens: 1500 })).not.toHaveProperty('thinking')
    const adaptive = await sent('anthropic', { reasoning: { budgetTokens: 9000 } })
    expect(adaptive).toMatchObject({ output_config: { effort: 'medium' } })
  })

  it.each<[string, Effort, string | undefined]>([
    ['gpt-6.1-sol', 'max', 'max'],
    ['gpt-6.1-sol', 'minimal', 'none'],
    ['gpt-5.5', 'max', 'xhigh'],
    ['gpt-5.1', 'none', 'none'],
    ['gpt-5-mini', 'none', 'minimal'],
    ['gpt-5-pro', 'low', 'high'],
    ['o3', 'max', 'high'],
    ['gpt-4.1', 'high', undefined],
  ])('%s at effort %s is sent %s', async (model, effort, expected) => {
    const body = await sent('responses', { model, reasoning: { effort } })
    expect((body['reasoning'] as { effort?: string } | undefined)?.effort).toBe(expected)
    expect('include' in body).toBe(expected !== undefined)
  })

  it('is left out for a compatible server that refuses it, once for all calls', async () => {
    const answers = [
      json(400, { error: { message: 'unknown field reasoning_effort' } }),
      chunks([chatChunk({ content: 'Hi' }, 'stop')]),
    ]
    const { outcome, bodies } = await callOn('chat', { reasoning: { effort: 'low' } }, (...args) =>
      answers.shift()?.(...args),
    )
    expect(outcome).toMatchObject({ ok: true, reply: { providerStop: 'stop' } })
    expect(bodies.map((body) => body['reasoning_effort'])).toEqual(['low', undefined])
  })
})

it('asks for one tool call at a time in the words of each API', async () => {
  const asked = { tools, parallelToolCalls: false }
  const [anthropic, responses, chat] = await Promise.all([
    sent('anthropic', asked),
    sent('responses', asked),
    sent('chat', asked),
  ])
  expect(anthropic).toMatchObject({ tool_choice: { type: 'auto', disable_parallel_tool_use: true } })
  expect(responses).toMatchObject({ parallel_tool_calls: false })
  expect(chat).toMatchObject({ parallel_tool_calls: false })
  expect(await sent('anthropic', { tools })).not.toHaveProperty('tool_choice')
})
