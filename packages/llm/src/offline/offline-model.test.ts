import * as vitest from 'vitest'
import { describe, expect, test } from 'vitest'
import { conformanceRequest, describeConformance, type ConformanceScenario } from '../conformance.ts'
import { replyText, type ModelRequest } from '../port.ts'
import { fillSchema } from './fill-schema.ts'
import { createOfflineProvider } from './offline-model.ts'
import { ask, HANDBOOK, requestOf, statementsIn, taskPrompt, TOOLS } from './offline.test-support.ts'
import { findSections, parseSections, sectionText } from './sections.ts'

const prompts: Record<ConformanceScenario, () => ModelRequest> = {
  text: () => conformanceRequest('text', 'default'),
  long_text: () => requestOf(taskPrompt({ goal: 'Compare leave', documents: HANDBOOK, type: 'compare' })),
  tool_call: () =>
    requestOf(taskPrompt({ goal: 'How long is leave?', type: 'answer', unseen: ['a.md'] }), { tools: TOOLS }),
  parallel_tool_calls: () =>
    requestOf(taskPrompt({ goal: 'Recommend one system', type: 'recommend', unseen: ['a.md'] }), { tools: TOOLS }),
  structured: () => conformanceRequest('structured', 'default'),
  failure: () => requestOf(''),
}

describeConformance(vitest, {
  name: 'the offline model',
  open: async () => ({ provider: createOfflineProvider() }),
  request: (scenario) => prompts[scenario](),
})

describe('the offline model', () => {
  const request = requestOf(taskPrompt({ goal: 'Compare leave', documents: HANDBOOK, type: 'compare' }))

  test('says the same to the same request', async () => {
    expect(await ask(request)).toEqual({ ...(await ask(request)), firstTokenMs: expect.any(Number) })
  })

  test('counts its tokens', async () => {
    const { usage } = await ask(request)
    expect(usage.inputTokens).toBeGreaterThan(100)
    expect(usage.outputTokens).toBeGreaterThan(50)
  })

  test('streams as fast as it is told to', async () => {
    const started = performance.now()
    const outcome = await createOfflineProvider({ tokensPerSecond: 2_000 }).call(request, {
      signal: new AbortController().signal,
    })
    expect(outcome.ok).toBe(true)
    expect(performance.now() - started).toBeGreaterThan(100)
  })

  test('does its work by the schema asked for where no mode is given', async () => {
    const schema = { type: 'object', properties: { tasks: { type: 'array' } }, required: ['tasks'] }
    const reply = await ask(requestOf('<goal>\nWrite a poem\n</goal>', { responseSchema: { name: 'plan', schema } }))
    expect(JSON.parse(replyText(reply))).toHaveProperty('tasks')
  })
})

describe('filling a schema', () => {
  const statements = statementsIn({ 'a.md': 'Annual leave is 25 days. The office is in Oslo. Lunch costs 4 euros.' })
  const fill = (schema: Parameters<typeof fillSchema>[0]) => fillSchema(schema, statements, '')

  test('each property from the statement that fits its name', () => {
    const schema = {
      type: 'object',
      properties: {
        annualLeaveDays: { type: 'integer' },
        office: { type: 'string' },
        city: { enum: ['Rome', 'Oslo'], description: 'where the office is' },
      },
    }
    expect(fill(schema)).toEqual({ annualLeaveDays: 25, office: 'The office is in Oslo. [a.md:1]', city: 'Oslo' })
  })

  test('lists, choices, references and bounds', () => {
    expect(
      fill({ type: 'array', items: { $ref: '#/$defs/n' }, maxItems: 2, $defs: { n: { type: 'number', maximum: 10 } } }),
    ).toHaveLength(2)
    expect(fill({ anyOf: [{ type: 'null' }, { const: 7 }] })).toBe(7)
    expect(
      fill({ allOf: [{ properties: { a: { type: 'boolean' } } }, { properties: { b: { type: 'null' } } }] }),
    ).toEqual({ a: true, b: null })
    expect(fillSchema({ type: 'string' }, [], '')).toContain('Not known')
  })
})

describe('reading a prompt', () => {
  test('gives its tags as a tree, unescaped', () => {
    const root = parseSections('<a x="1 &quot;2&quot;">\ntext &lt;b> &amp;lt;\n<b />\n</a> tail </c>')
    expect(sectionText(root, 'a')).toBe('text <b> &lt;')
    expect(findSections(root, 'a')[0]?.attributes).toEqual({ x: '1 "2"' })
    expect(findSections(root, 'b')).toHaveLength(1)
  })

  test('does not fail on what is left open', () => {
    expect(sectionText(parseSections('<goal>\nfly <passages> <passage document="a">1: x'), 'goal')).toBe('fly')
  })
})
