import { expect, it } from 'vitest'
import { createScriptedProvider } from '../providers/scripted.ts'
import { createModelRegistry } from '../registry.ts'
import { resolveChain } from './chain-links.ts'

const offline = { ...createScriptedProvider({ script: [] }), name: 'offline' as const }
const registry = createModelRegistry({ offline, anthropic: { apiKey: 'sk-1' } })

it('links a model and its fallbacks, each once, and names what cannot stand in', () => {
  const chain = resolveChain(registry, 'claude-opus-5-5', [
    'anthropic:claude-sonnet-5-5',
    'claude-opus-5-5',
    'openai:gpt-6.1-sol',
    'offline:default',
  ])
  if (!chain.ok) throw new Error(chain.message)
  expect(chain.value.links.map(({ ref }) => ref)).toEqual(['anthropic:claude-opus-5-5', 'anthropic:claude-sonnet-5-5'])
  expect(chain.value.links[0].lane).toEqual({
    provider: 'anthropic',
    model: 'claude-opus-5-5',
    key: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
  })
  expect(chain.value.problems).toEqual([
    expect.stringContaining('OPENAI_API_KEY is not set'),
    expect.stringContaining('makes its answers up'),
  ])
})

it('is none without the model of choice', () => {
  expect(resolveChain(registry, 'openai:gpt-6.1-sol', ['claude-opus-5-5'])).toMatchObject({ ok: false })
})
