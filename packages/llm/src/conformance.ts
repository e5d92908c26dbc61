import type { JsonObject } from '@flotilla/domain'
import type * as Vitest from 'vitest'
import {
  assistantTurn,
  replyText,
  replyToolCalls,
  userText,
  type ModelProvider,
  type ModelReply,
  type ModelRequest,
} from './port.ts'

/** What a provider has to be brought to do. `long_text` streams for at least half a second, or at least many pieces. */
export type ConformanceScenario = 'text' | 'long_text' | 'tool_call' | 'parallel_tool_calls' | 'structured' | 'failure'

export type ConformanceSubject = {
  name: string
  open(): Promise<{ provider: ModelProvider; close?(): Promise<void> }>
  /** The request that provokes a scenario; `conformanceRequest` where the prompt itself is enough. */
  request(scenario: ConformanceScenario): ModelRequest
  /** Scenarios that this provider cannot be brought to, each with the reason. */
  skip?: Partial<Record<ConformanceScenario, string>>
}

type TestFunctions = Pick<typeof Vitest, 'describe' | 'it' | 'expect' | 'beforeAll' | 'afterAll'>

/** The tool of the tool scenarios, and the schema of the structured one: `{ "city": string, "degrees": number }`. */
export const WEATHER_TOOL = {
  name: 'get_weather',
  description: 'Tells the weather of a city.',
  parameters: objectSchema({ city: { type: 'string' } }),
}
export const WEATHER_SCHEMA = {
  name: 'weather',
  schema: objectSchema({ city: { type: 'string' }, degrees: { type: 'number' } }),
}

function objectSchema(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

const PROMPTS: Record<ConformanceScenario, string> = {
  text: 'Conformance text: say hello in one sentence.',
  long_text: 'Conformance long text: count from 1 to 60 in words.',
  tool_call: 'Conformance tool call: what is the weather in Oslo?',
  parallel_tool_calls: 'Conformance parallel tool calls: what is the weather in Oslo and in Lima?',
  structured: 'Conformance structured: it is 7 degrees in Oslo.',
  failure: 'Conformance failure: refuse to work.',
}

export function conformanceRequest(scenario: ConformanceScenario, model: string): ModelRequest {
  const withTools = scenario === 'tool_call' || scenario === 'parallel_tool_calls'
  return {
    model,
    system: 'You are a careful assistant.',
    messages: [userText(PROMPTS[scenario])],
    maxOutputTokens: 1000,
    ...(withTools && { tools: [WEATHER_TOOL] }),
    ...(scenario === 'structured' && { responseSchema: WEATHER_SCHEMA }),
  }
}

const MAX_ABORT_MS = 200

/** The behaviour that every provider of the port has. Takes the test runner's functions, so that it needs none itself. */
export function describeConformance(test: TestFunctions, subject: ConformanceSubject): void {
  const { describe, it, beforeAll, afterAll } = test
  describe(`${subject.name} conforms to the model port`, () => {
    let opened: Awaited<ReturnType<ConformanceSubject['open']>>
    const suite: Suite = { ...test, subject, provider: () => opened.provider }
    const scenario = (name: ConformanceScenario, title: string, run: () => Promise<void>): void => {
      const reason = subject.skip?.[name]
      it.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (${reason})`, run)
    }
    beforeAll(async () => {
      opened = await subject.open()
    })
    afterAll(async () => opened?.close?.())

    scenario('text', 'answers with text and says what it used', () => answersWithText(suite))
    scenario('text', 'streams pieces that join to the text', () => streamsText(suite))
    scenario('text', 'does not call when the signal has already fired', () => honoursFiredSignal(suite))
    scenario('tool_call', 'calls a tool and answers from its result', () => roundTripsTool(suite))
    scenario('parallel_tool_calls', 'calls several tools in one turn', () => callsInParallel(suite))
    scenario('structured', 'answers with JSON of the schema', () => answersStructured(suite))
    scenario('long_text', `stops within ${MAX_ABORT_MS} ms of an abort in mid-stream`, () => stopsOnAbort(suite))
    scenario('failure', 'returns a failure as a value', () => failsAsValue(suite))
  })
}

type Suite = TestFunctions & { subject: ConformanceSubject; provider: () => ModelProvider }

const idle = (): AbortSignal => new AbortController().signal

async function reply(suite: Suite, request: ModelRequest, onText?: (delta: string) => void): Promise<ModelReply> {
  const outcome = await suite.provider().call(request, { signal: idle(), ...(onText && { onText }) })
  suite.expect(outcome).toMatchObject({ ok: true })
  if (!outcome.ok) throw new Error(outcome.failure.message)
  return outcome.reply
}

async function answersWithText(suite: Suite): Promise<void> {
  const { expect } = suite
  const provider = suite.provider()
  const answer = await reply(suite, suite.subject.request('text'))
  expect(replyText(answer)).not.toBe('')
  expect(answer).toMatchObject({ stopReason: 'end', provider: provider.name, simulated: provider.simulated })
  expect(answer.model).not.toBe('')
  expect(answer.usage.inputTokens).toBeGreaterThan(0)
  expect(answer.usage.outputTokens).toBeGreaterThan(0)
  expect(answer.usage.inputTokens).toBeGreaterThanOrEqual(
    answer.usage.cachedInputTokens + answer.usage.cacheWriteTokens,
  )
}

async function streamsText(suite: Suite): Promise<void> {
  const deltas: string[] = []
  const answer = await reply(suite, suite.subject.request('text'), (delta) => deltas.push(delta))
  suite.expect(deltas.length).toBeGreaterThan(0)
  suite.expect(deltas.join('')).toBe(replyText(answer))
}

async function honoursFiredSignal(suite: Suite): Promise<void> {
  const outcome = await suite.provider().call(suite.subject.request('text'), { signal: AbortSignal.abort() })
  suite.expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } })
}

async function roundTripsTool(suite: Suite): Promise<void> {
  const { expect } = suite
  const request = suite.subject.request('tool_call')
  const first = await reply(suite, request)
  const calls = replyToolCalls(first)
  expect(first.stopReason).toBe('tool_calls')
  expect(calls).toHaveLength(1)
  expect(request.tools?.map((tool) => tool.name)).toContain(calls[0]?.name)
  expect(calls[0]?.id).toBeTruthy()
  const results = calls.map((call) => ({
    type: 'tool_result' as const,
    callId: call.id,
    name: call.name,
    content: 'It is 7 degrees and raining.',
  }))
  const messages = [...request.messages, assistantTurn(first), { role: 'user' as const, content: results }]
  const second = await reply(suite, { ...request, messages })
  expect(second.stopReason).toBe('end')
  expect(replyText(second)).not.toBe('')
}

async function callsInParallel(suite: Suite): Promise<void> {
  const answer = await reply(suite, suite.subject.request('parallel_tool_calls'))
  const calls = replyToolCalls(answer)
  suite.expect(answer.stopReason).toBe('tool_calls')
  suite.expect(calls.length).toBeGreaterThan(1)
  suite.expect(new Set(calls.map((call) => call.id)).size).toBe(calls.length)
}

async function answersStructured(suite: Suite): Promise<void> {
  const answer = await reply(suite, suite.subject.request('structured'))
  suite.expect(answer.stopReason).toBe('end')
  suite.expect(answer.structured).toEqual(JSON.parse(replyText(answer)))
}

async function stopsOnAbort(suite: Suite): Promise<void> {
  const { expect } = suite
  const controller = new AbortController()
  let abortedAt = 0
  let late = 0
  const outcome = await suite.provider().call(suite.subject.request('long_text'), {
    signal: controller.signal,
    onText: () => {
      if (controller.signal.aborted) late += 1
      else abortedAt = performance.now()
      controller.abort()
    },
  })
  expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } })
  expect(performance.now() - abortedAt).toBeLessThan(MAX_ABORT_MS)
  expect(late).toBe(0)
}

async function failsAsValue(suite: Suite): Promise<void> {
  const request = suite.subject.request('failure')
  const outcome = await suite.provider().call(request, { signal: idle() })
  suite.expect(outcome.ok).toBe(false)
  if (outcome.ok) return
  suite.expect(outcome.failure.code).toMatch(/^model_/)
  suite.expect(outcome.failure.message).not.toBe('')
}
