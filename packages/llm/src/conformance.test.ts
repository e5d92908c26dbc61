import type { LLMock } from '@copilotkit/aimock'
import * as vitest from 'vitest'
import { startAimock } from './aimock.test-support.ts'
import { conformanceRequest, describeConformance, type ConformanceScenario } from './conformance.ts'
import type { ModelProvider, ModelRequest } from './port.ts'
import { createAnthropicProvider } from './providers/anthropic.ts'
import { createOpenAIChatProvider } from './providers/openai-chat.ts'
import { createOpenAIResponsesProvider } from './providers/openai-responses.ts'
import { createScriptedProvider, type ScriptedStep } from './providers/scripted.ts'

const NUMBERS = Array.from({ length: 60 }, (_, index) => `number ${index + 1}`).join(', ')
const weatherOf = (city: string) => ({ name: 'get_weather', arguments: { city } })
const USAGE = { input_tokens: 21, output_tokens: 9, prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 }

function addFixtures(mock: LLMock): void {
  mock.on({ hasToolResult: true }, { content: 'It is 7 degrees in Oslo, and raining.', usage: USAGE })
  mock.onMessage('Conformance text', { content: 'Hello, and good morning to you.', usage: USAGE })
  mock.onMessage('Conformance long text', { content: NUMBERS, usage: USAGE }, { latency: 20 })
  mock.onMessage('Conformance tool call', { toolCalls: [weatherOf('Oslo')], usage: USAGE })
  mock.onMessage('Conformance parallel', { toolCalls: [weatherOf('Oslo'), weatherOf('Lima')], usage: USAGE })
  mock.onMessage('Conformance structured', { content: '{"city":"Oslo","degrees":7}', usage: USAGE })
  mock.onMessage('Conformance failure', {
    error: { message: 'Too many requests', type: 'rate_limit_error' },
    status: 429,
  })
}

function describeOnWire(name: string, model: string, connect: (url: string) => ModelProvider): void {
  describeConformance(vitest, {
    name,
    open: async () => {
      const mock = await startAimock(addFixtures)
      return { provider: connect(mock.url), close: () => mock.close() }
    },
    request: (scenario) => conformanceRequest(scenario, model),
  })
}

describeOnWire('the Anthropic provider', 'claude-sonnet-5-5', (url) =>
  createAnthropicProvider({ apiKey: 'test-key', baseURL: url }),
)
describeOnWire('the OpenAI Responses provider', 'gpt-6.1-sol', (url) =>
  createOpenAIResponsesProvider({ apiKey: 'test-key', baseURL: `${url}/v1` }),
)
describeOnWire('the OpenAI Chat provider', 'llama3', (url) => createOpenAIChatProvider({ baseURL: `${url}/v1` }))

const SCRIPT: Record<ConformanceScenario, ScriptedStep> = {
  text: { text: 'Hello, and good morning to you.' },
  long_text: { text: NUMBERS },
  tool_call: { toolCalls: [weatherOf('Oslo')] },
  parallel_tool_calls: { toolCalls: [weatherOf('Oslo'), weatherOf('Lima')] },
  structured: { text: '{"city":"Oslo","degrees":7}' },
  failure: { failure: { code: 'model_overloaded', message: 'scripted:test is overloaded: wait' } },
}

/** The model's name carries the scenario, since a script answers by the request alone. */
const scripted = (request: ModelRequest): ScriptedStep => {
  const answered = request.messages.at(-1)?.content.some((part) => part.type === 'tool_result')
  return answered ? { text: 'It is 7 degrees in Oslo.' } : SCRIPT[request.model as ConformanceScenario]
}

describeConformance(vitest, {
  name: 'the scripted provider',
  open: async () => ({ provider: createScriptedProvider({ script: scripted }) }),
  request: (scenario) => conformanceRequest(scenario, scenario),
})
