import { describe, expect, it } from 'vitest'
import { parseDuration, parseRateLimits, parseRetryAfter, resetOfExhausted } from './rate-limits.ts'

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0)

describe('Retry-After', () => {
  it.each([
    [{ 'retry-after': '20' }, 20_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '1500', 'retry-after': '20' }, 1500],
    [{ 'retry-after-ms': 'soon', 'retry-after': '20' }, 20_000],
    [{ 'retry-after': '99999999' }, 86_400_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{}, undefined],
  ])('reads %j as %s ms', (headers, expected) => {
    expect(parseRetryAfter(new Headers(headers), NOW)).toBe(expected)
  })
})

describe('durations', () => {
  it.each([
    ['20ms', 20],
    ['1s', 1000],
    ['6m0s', 360_000],
    ['1h2m3.5s', 3_723_500],
    ['1d', 86_400_000],
    ['', undefined],
    ['5', undefined],
    ['5x', undefined],
  ])('reads %s as %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })
})

describe('rate limit headers', () => {
  it('reads Anthropic’s, whose resets are dates', () => {
    const headers = new Headers({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-21T12:00:12Z',
      'anthropic-ratelimit-input-tokens-remaining': '39000',
      'anthropic-ratelimit-output-tokens-limit': '8000',
    })
    const limits = parseRateLimits(headers, NOW)
    expect(limits).toEqual({
      requests: { limit: 50, remaining: 0, resetMs: 12_000 },
      inputTokens: { remaining: 39_000 },
      outputTokens: { limit: 8000 },
    })
    expect(resetOfExhausted(limits)).toBe(12_000)
  })

  it('reads OpenAI’s, whose resets are durations', () => {
    const headers = new Headers({
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    })
    expect(parseRateLimits(headers, NOW)).toEqual({
      requests: { limit: 500, remaining: 499, resetMs: 120 },
      tokens: { remaining: 0, resetMs: 360_000 },
    })
  })

  it('is undefined without any, and ignores what is no number', () => {
    expect(parseRateLimits(new Headers(), NOW)).toBeUndefined()
    expect(parseRateLimits(new Headers({ 'x-ratelimit-limit-requests': 'many' }), NOW)).toBeUndefined()
    expect(resetOfExhausted(undefined)).toBeUndefined()
    expect(resetOfExhausted({ requests: { remaining: 3, resetMs: 5 } })).toBeUndefined()
  })
})
