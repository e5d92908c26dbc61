import { describe, expect, it } from 'vitest'
import { startAimock } from '../aimock.test-support.ts'
import { userText, type ModelOutcome, type ModelProvider, type ModelRequest } from '../port.ts'
import {
  anthropicEnd,
  anthropicStart,
  anthropicText,
  chatChunk,
  responsesEnd,
  responsesText,
} from '../wire-events.test-support.ts'
import { events, json, sendEvents, startEvents, startWire, type WireAnswer } from '../wire.test-support.ts'
import { createAnthropicProvider } from './anthropic.ts'
import { createOpenAIChatProvider } from './openai-chat.ts'
import { createOpenAIResponsesProvider } from './openai-responses.ts'

const KEY = 'sk-test-abcdef123456'
const request = (model: string, timeouts: ModelRequest['timeouts'] = {}): ModelRequest => ({
  model,
  system: '',
  messages: [userText('Tell me a story')],
  maxOutputTokens: 100,
  timeouts,
})

type Wire = {
  name: string
  model: string
  connect(url: string): ModelProvider
  /** The first events of a reply, and those that end it. */
  begin: object[]
  end: object[]
}

const WIRES: Wire[] = [
  {
    name: 'anthropic',
    model: 'claude-sonnet-5-5',
    connect: (url) => createAnthropicProvider({ apiKey: KEY, baseURL: url }),
    begin: [anthropicStart(), ...anthropicText(0, 'Once', ' upon').slice(0, 3)],
    end: anthropicEnd('end_turn'),
  },
  {
    name: 'openai',
    model: 'gpt-6.1-sol',
    connect: (url) => createOpenAIResponsesProvider({ apiKey: KEY, baseURL: `${url}/v1` }),
    begin: responsesText(0, 'Once', ' upon').slice(0, 3),
    end: [...responsesText(0, 'Once', ' upon').slice(3), responsesEnd('completed')],
  },
  {
    name: 'openai-compatible',
    model: 'llama3',
    connect: (url) => createOpenAIChatProvider({ apiKey: KEY, baseURL: `${url}/v1` }),
    begin: [chatChunk({ content: 'Once' }), chatChunk({ content: ' upon' })],
    end: [chatChunk({}, 'stop', { usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } })],
  },
]

/** Answers nothing more; the connection stays open. */
const silent = (wire: Wire, told: 'nothing' | 'headers' | 'beginning' | 'everything'): WireAnswer => {
  return (response) => {
    if (told === 'nothing') return
    startEvents(response)
    if (told === 'headers') return
    sendEvents(response, wire.begin)
    if (told === 'everything') sendEvents(response, wire.end)
  }
}

describe.each(WIRES)('a failing call of $name', (wire) => {
  async function call(
    answer: WireAnswer,
    timeouts: ModelRequest['timeouts'] = {},
    signal = new AbortController().signal,
  ) {
    await using server = await startWire(answer)
    // Awaited here: the server is gone when this function ends.
    return await wire.connect(server.url).call(request(wire.model, timeouts), { signal })
  }

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    [{}, undefined],
  ])('is rate limited with %j', async (headers, retryAfterMs) => {
    const body = { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }
    const outcome = await call(json(429, body, headers))
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_rate_limited' } })
    expect(!outcome.ok && outcome.failure.retryAfterMs).toBe(retryAfterMs)
    expect(!outcome.ok && outcome.failure.message).toContain(
      `${wire.name.replace('openai-compatible', 'compatible')}:${wire.model} answered 429`,
    )
  })

  it.each([
    [529, 'model_overloaded'],
    [503, 'model_overloaded'],
    [500, 'model_unavailable'],
    [502, 'model_unavailable'],
    [408, 'model_timeout'],
    [403, 'model_auth'],
    [400, 'model_bad_request'],
    [404, 'model_bad_request'],
    [413, 'model_bad_request'],
    [422, 'model_bad_request'],
  ])('that answers %i is %s', async (status, code) => {
    const outcome = await call(json(status, { error: { message: 'no' } }))
    expect(outcome).toMatchObject({ ok: false, failure: { code } })
  })

  it('names the variable of a wrong key, and never the key', async () => {
    const echo = { error: { message: `Incorrect API key provided: ${KEY} (sk-te***3456)`, code: 'invalid_api_key' } }
    const outcome = await call(json(401, echo))
    const message = outcome.ok ? '' : outcome.failure.message
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_auth' } })
    expect(message).toContain(wire.name === 'anthropic' ? 'ANTHROPIC_API_KEY' : 'OPENAI_API_KEY')
    expect(message).not.toMatch(/abcdef|3456/)
  })

  it('does not wait for a quota that is used up', async () => {
    const body = { error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'check your plan' } }
    const outcome = await call(json(429, body))
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_auth' } })
    const message = outcome.ok ? '' : outcome.failure.message
    expect(message).toMatch(/: the account of \w+_API_KEY has no quota left: add credit to it, then resume/)
    expect(message).not.toContain('valid key')
  })

  it.each([
    [400, 'tools.0.custom.input_schema: JSON schema is invalid', 'correct the tool or the schema that it names'],
    [400, "Invalid schema for function 'search'", 'correct the tool or the schema that it names'],
    [404, 'model: claude-none', 'check the name of the model'],
    [400, 'prompt is too long: 250000 tokens > 200000 maximum', 'make the request smaller'],
    [400, 'temperature: must be at most 1', 'change what it objects to in the request'],
  ])('that answers %i (%s) is told with what to do', async (status, said, todo) => {
    const outcome = await call(json(status, { error: { message: said } }))
    expect(outcome.ok ? '' : outcome.failure.message).toContain(`): ${todo}`)
  })

  it('cannot reach a server that is not there', async () => {
    const gone = await startWire(() => undefined)
    await gone[Symbol.asyncDispose]()
    const outcome = await wire.connect(gone.url).call(request(wire.model), { signal: new AbortController().signal })
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_unavailable' } })
    expect(!outcome.ok && outcome.failure.message).toContain(gone.url)
  })

  it.each([
    ['breaks the connection off before it answers', 'destroyed'],
    ['breaks the connection off in the middle', 'reset'],
    ['ends the stream without its end', 'ended'],
    ['sends what is no event stream', 'page'],
  ])('is unavailable when the server %s', async (_title, fault) => {
    const outcome = await call((response) => {
      if (fault === 'destroyed') return void response.destroy()
      if (fault === 'page')
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>proxy</html>')
      startEvents(response)
      sendEvents(response, wire.begin)
      if (fault === 'ended') return void response.end()
      response.write('data: {"type": "partial', () => response.destroy())
    })
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_unavailable' } })
    if (fault === 'ended' || fault === 'reset') {
      expect(outcome).toMatchObject({ usageEstimated: true })
      expect(!outcome.ok && outcome.usage?.outputTokens).toBeGreaterThan(0)
    }
  })

  it.concurrent.each([
    ['nothing', { connectMs: 40 }, 'did not answer within 40 ms'],
    ['headers', { firstTokenMs: 40 }, 'sent no first token within 40 ms'],
    ['beginning', { idleMs: 40 }, 'went silent in the middle of its answer within 40 ms'],
    ['beginning', { totalMs: 60 }, 'did not finish its answer within 60 ms'],
  ] as const)('times out after %s by %j', async (told, timeouts, message) => {
    const outcome = await call(silent(wire, told), timeouts)
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_timeout' } })
    expect(outcome.ok ? {} : outcome).toSatisfy((each: object) => 'usageUnknown' in each !== 'usage' in each)
    expect(!outcome.ok && outcome.failure.message).toContain(message)
  })

  it.concurrent('has succeeded when only the end of the connection is missing', async () => {
    const outcome = await call(silent(wire, 'everything'), { idleMs: 150 })
    expect(outcome).toMatchObject({ ok: true, reply: { stopReason: 'end', content: [{ text: 'Once upon' }] } })
  })

  it('is called off while it waits, whatever the server does', async () => {
    const controller = new AbortController()
    await using server = await startWire(() => controller.abort())
    const outcome = await wire.connect(server.url).call(request(wire.model), { signal: controller.signal })
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } })
  })

  it('rejects for a bug of the caller, and drops the connection', async () => {
    const dropped = Promise.withResolvers<void>()
    await using server = await startWire((response, ...rest) => {
      response.on('close', () => dropped.resolve())
      return silent(wire, 'beginning')(response, ...rest)
    })
    const buggy = wire.connect(server.url).call(request(wire.model), {
      signal: new AbortController().signal,
      onText: () => {
        throw new RangeError('bug')
      },
    })
    await expect(buggy).rejects.toThrow(RangeError)
    await dropped.promise
  })

  it('does not take an address that is none for a bug', async () => {
    const outcome = await wire.connect('nowhere').call(request(wire.model), { signal: new AbortController().signal })
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_unavailable' } })
  })

  it('tells the rate limits of the provider, when it succeeds as well', async () => {
    const headers =
      wire.name === 'anthropic'
        ? { 'anthropic-ratelimit-requests-limit': '50', 'anthropic-ratelimit-requests-remaining': '49' }
        : { 'x-ratelimit-limit-requests': '50', 'x-ratelimit-remaining-requests': '49' }
    const outcome = await call(events([...wire.begin, ...wire.end], headers))
    expect(outcome).toMatchObject({ ok: true, limits: { requests: { limit: 50, remaining: 49 } } })
  })
})

async function callOnMock(wire: Wire, configure: Parameters<typeof startAimock>[0]): Promise<ModelOutcome> {
  const mock = await startAimock(configure)
  const outcome = await wire.connect(mock.url).call(request(wire.model), { signal: new AbortController().signal })
  await mock.close()
  return outcome
}

describe.each(WIRES)('$name on a mock of its protocol', (wire) => {
  it('understands its 429 with Retry-After', async () => {
    const error = { error: { message: 'slow', type: 'rate_limit_error' }, status: 429, retryAfter: 3 }
    const outcome = await callOnMock(wire, (mock) => mock.onMessage('story', error))
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_rate_limited', retryAfterMs: 3000 } })
  })

  it('understands its 529', async () => {
    const error = { error: { message: 'Overloaded', type: 'overloaded_error' }, status: 529 }
    const outcome = await callOnMock(wire, (mock) => mock.onMessage('story', error))
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_overloaded' } })
  })

  it('survives a stream that is cut after some chunks', async () => {
    const outcome = await callOnMock(wire, (mock) =>
      mock.onMessage('story', { content: 'Once upon a time there was a fleet of agents' }, { truncateAfterChunks: 3 }),
    )
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_unavailable' } })
  })

  it.each([{ disconnectRate: 1 }, { malformedRate: 1 }, { dropRate: 1 }])('survives %j', async (chaos) => {
    const outcome = await callOnMock(wire, (mock) => mock.onMessage('story', { content: 'Once' }, { chaos }))
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_unavailable' } })
  })
})

// Anthropic's is tested on bytes: the mock replaces such arguments by {} there.
it.each(WIRES.filter((wire) => wire.name !== 'anthropic'))(
  '$name on a mock calls bad arguments malformed',
  async (wire) => {
    const response = { toolCalls: [{ name: 'tell', arguments: '{"about": "sea' }] }
    const outcome = await callOnMock(wire, (mock) => mock.addFixture({ match: { userMessage: 'story' }, response }))
    expect(outcome).toMatchObject({ ok: false, raw: '{"about": "sea', failure: { code: 'model_malformed' } })
  },
)
