import { describe, expect, it } from 'vitest'
import { createNoopProvider } from './providers/noop.ts'
import { createScriptedProvider } from './providers/scripted.ts'
import { createModelRegistry } from './registry.ts'

const offline = { ...createScriptedProvider({ script: [] }), name: 'offline' as const }

describe('the model registry', () => {
  it('answers offline where nothing is configured, and says so', () => {
    const registry = createModelRegistry({ offline })
    expect(registry.defaultModel).toBe('offline:default')
    expect(registry.utilityModel).toBe('offline:default')
    expect(registry.problems()).toEqual([])
    expect(registry.describe().simulated).toBe(true)
    expect(registry.resolve()).toMatchObject({ ok: true, value: { provider: offline, model: 'default' } })
  })

  it.each([
    [{ anthropic: { apiKey: 'k' } }, /^anthropic:claude-sonnet/, /^anthropic:claude-haiku/],
    [{ openai: { apiKey: 'k' } }, /^openai:gpt/, /^openai:gpt/],
    [{ anthropic: { apiKey: 'k' }, openai: { apiKey: 'k' } }, /^anthropic:/, /^anthropic:/],
    [{ openai: { baseURL: 'http://x/v1' }, model: 'compatible:llama3' }, /^compatible:llama3$/, /^compatible:llama3$/],
  ])('chooses models by what is configured: %j', (options, model, utility) => {
    const registry = createModelRegistry({ offline, ...options })
    expect(registry.defaultModel).toMatch(model)
    expect(registry.utilityModel).toMatch(utility)
    expect(registry.problems()).toEqual([])
    expect(registry.describe().simulated).toBe(false)
  })

  it.each([
    ['claude-opus-5-5', 'ANTHROPIC_API_KEY'],
    ['openai:gpt-6.1-sol', 'OPENAI_API_KEY'],
    ['compatible:llama3', 'OPENAI_BASE_URL'],
  ])('names what %s lacks', (model, variable) => {
    const registry = createModelRegistry({ offline, model })
    const result = registry.resolve(model)
    expect(!result.ok && result.message).toContain(`${variable} is not set`)
    expect(registry.problems()[0]).toMatch(new RegExp(`^FLOTILLA_MODEL: .*set ${variable}`))
  })

  it('does not quietly answer offline for a server whose model is not named', () => {
    const registry = createModelRegistry({ offline, openai: { baseURL: 'http://127.0.0.1:11434/v1' } })
    expect(registry.problems()).toEqual([expect.stringContaining('FLOTILLA_MODEL=compatible:<model>')])
  })

  it('reports a name that cannot be read', () => {
    const registry = createModelRegistry({ offline, model: 'llama3', utilityModel: 'x:y' })
    expect(registry.problems()).toHaveLength(2)
  })

  it('serves OpenAI’s models by the Responses API and others by Chat Completions', () => {
    const registry = createModelRegistry({ offline, openai: { apiKey: 'k', baseURL: 'http://x/v1' }, model: 'gpt-5' })
    expect(registry.resolve('gpt-5')).toMatchObject({ value: { provider: { name: 'openai' } } })
    expect(registry.resolve('compatible:m')).toMatchObject({ value: { provider: { name: 'openai-compatible' } } })
  })

  it('takes further providers by prefix, and knows that they are missing elsewhere', () => {
    const noop = createNoopProvider()
    expect(createModelRegistry({ offline, extra: { noop } }).resolve('noop')).toMatchObject({
      value: { provider: noop, ref: 'noop:default' },
    })
    expect(createModelRegistry({ offline }).resolve('noop').ok).toBe(false)
  })

  it('never tells a key', () => {
    const registry = createModelRegistry({
      offline,
      anthropic: { apiKey: 'sk-secret' },
      openai: { apiKey: 'sk-hidden' },
    })
    expect(JSON.stringify(registry.describe())).not.toMatch(/secret|hidden/)
  })
})
