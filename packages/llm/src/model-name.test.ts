import { describe, expect, it } from 'vitest'
import { parseModelName } from './model-name.ts'

describe('parseModelName', () => {
  it.each([
    ['anthropic:claude-sonnet-5-5', 'anthropic', 'claude-sonnet-5-5'],
    ['openai:ft:gpt-4.1:acme', 'openai', 'ft:gpt-4.1:acme'],
    ['compatible:llama3:8b', 'compatible', 'llama3:8b'],
    ['offline:default', 'offline', 'default'],
    ['offline', 'offline', 'default'],
    ['claude-opus-5-5', 'anthropic', 'claude-opus-5-5'],
    ['gpt-6.1-sol', 'openai', 'gpt-6.1-sol'],
    ['o3-mini', 'openai', 'o3-mini'],
    [' gpt-5 ', 'openai', 'gpt-5'],
  ])('reads %j', (value, provider, model) => {
    expect(parseModelName(value)).toEqual({ ok: true, value: { provider, model } })
  })

  it.each([
    ['', 'is empty'],
    ['llama3', 'does not tell which provider'],
    ['olmo', 'does not tell which provider'],
    ['llama3:8b', 'compatible:llama3:8b'],
    ['anthropic:', 'names no model'],
    ['anthropic', 'does not tell which provider'],
  ])('refuses %j with what is expected', (value, part) => {
    const result = parseModelName(value)
    expect(result.ok).toBe(false)
    expect(!result.ok && result.message).toContain(part)
    expect(!result.ok && result.message).toContain('compatible:<model>')
  })

  it('takes further prefixes', () => {
    expect(parseModelName('mine:x', ['mine'])).toEqual({ ok: true, value: { provider: 'mine', model: 'x' } })
  })
})
