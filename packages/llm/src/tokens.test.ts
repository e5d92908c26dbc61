import { describe, expect, it } from 'vitest'
import { userText, type ModelRequest } from './port.ts'
import { countRequestTokens, countTokens, roughRequestTokens, roughTokens } from './tokens.ts'

const SENTENCE = 'The quick brown fox jumps over the lazy dog, and then 42 more words follow. '

describe('countTokens', () => {
  it('counts as o200k_base does', () => {
    expect(countTokens('')).toBe(0)
    expect(countTokens('hello world')).toBe(2)
    expect(countTokens(SENTENCE.trim())).toBe(18)
  })

  it('takes special tokens for plain text', () => {
    expect(countTokens('before <|endoftext|> after')).toBeGreaterThan(4)
  })

  it('estimates a megabyte within three per cent', () => {
    const times = 13_000
    expect(Math.abs(countTokens(SENTENCE.repeat(times)) / (times * 18) - 1)).toBeLessThan(0.03)
  })

  it.each([
    ['one long word', 'a'.repeat(60_000)],
    ['line feeds', '\n'.repeat(60_000)],
    ['base64', Buffer.from(SENTENCE.repeat(580)).toString('base64').slice(0, 60_000)],
  ])('stays quick on %s, which merging one run would make take seconds', (_title, text) => {
    const started = performance.now()
    expect(countTokens(text)).toBeGreaterThan(1000)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('countRequestTokens', () => {
  const request: ModelRequest = {
    model: 'gpt-6.1-sol',
    system: SENTENCE,
    messages: [userText(SENTENCE)],
    maxOutputTokens: 1,
  }
  const larger: ModelRequest = {
    ...request,
    tools: [{ name: 'search', description: SENTENCE, parameters: { type: 'object', properties: {} } }],
    messages: [
      userText(SENTENCE),
      { role: 'assistant', content: [{ type: 'tool_call', id: 'c', name: 'search', arguments: { q: SENTENCE } }] },
      { role: 'user', content: [{ type: 'tool_result', callId: 'c', name: 'search', content: SENTENCE }] },
    ],
  }

  it('counts every text that is sent', () => {
    expect(countRequestTokens(request)).toBeGreaterThan(36)
    expect(countRequestTokens(request)).toBeLessThan(70)
    expect(countRequestTokens(larger)).toBeGreaterThan(countRequestTokens(request) + 3 * 18)
  })

  it('counts more for the tokenizers of Claude', () => {
    const on = (model: string) => countRequestTokens({ ...request, model })
    expect(on('claude-sonnet-4-6')).toBeGreaterThan(on('gpt-6.1-sol'))
    expect(on('claude-sonnet-5-5')).toBeGreaterThan(on('claude-sonnet-4-6'))
  })

  it('has a rough twin that is not below it for prose', () => {
    expect(roughTokens(SENTENCE)).toBeGreaterThan(18)
    expect(roughRequestTokens(larger)).toBeGreaterThan(countRequestTokens(larger))
  })
})
