import type { RateLimit, RateLimits } from './port.ts'

const MAX_WAIT_MS = 24 * 3600 * 1000

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads `20ms`, `1s`, `6m0s`, `1h2m3.5s`; milliseconds, or undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0)
  }
  return Math.ceil(total)
}

/** A time to wait as headers tell it: a duration, or a point in time. */
function parseReset(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  const duration = parseDuration(text)
  if (duration !== undefined) return duration
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000)
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/** Milliseconds to wait by `retry-after-ms` or `Retry-After` (seconds or a date); capped at a day. */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  const exact = headers.get('retry-after-ms')
  const inMs = exact === null ? Number.NaN : Number.parseFloat(exact)
  const wait = inMs >= 0 ? Math.ceil(inMs) : parseReset(headers.get('retry-after'), now)
  return wait === undefined ? undefined : Math.min(wait, MAX_WAIT_MS)
}

/** The headers of a bucket in both families' names, by `limit`, `remaining` and `reset`. */
const BUCKETS: Record<keyof RateLimits, (field: string) => readonly string[]> = {
  requests: (field) => [`anthropic-ratelimit-requests-${field}`, `x-ratelimit-${field}-requests`],
  tokens: (field) => [`anthropic-ratelimit-tokens-${field}`, `x-ratelimit-${field}-tokens`],
  inputTokens: (field) => [`anthropic-ratelimit-input-tokens-${field}`],
  outputTokens: (field) => [`anthropic-ratelimit-output-tokens-${field}`],
}

const firstHeader = (headers: Headers, names: readonly string[]): string | null =>
  names.map((name) => headers.get(name)).find((value) => value !== null) ?? null

function count(text: string | null): number | undefined {
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}

function readBucket(headers: Headers, names: (field: string) => readonly string[], now: number): RateLimit | undefined {
  const limit = count(firstHeader(headers, names('limit')))
  const remaining = count(firstHeader(headers, names('remaining')))
  const resetMs = parseReset(firstHeader(headers, names('reset')), now)
  if (limit === undefined && remaining === undefined && resetMs === undefined) return undefined
  return {
    ...(limit !== undefined && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(resetMs !== undefined && { resetMs }),
  }
}

/** What `anthropic-ratelimit-*` and `x-ratelimit-*` headers tell; undefined when there are none. */
export function parseRateLimits(headers: Headers, now: number): RateLimits | undefined {
  const limits: RateLimits = {}
  for (const [bucket, names] of Object.entries(BUCKETS) as [keyof RateLimits, (field: string) => string[]][]) {
    const read = readBucket(headers, names, now)
    if (read) limits[bucket] = read
  }
  return Object.keys(limits).length === 0 ? undefined : limits
}

/** The wait that exhausted buckets ask for, where a 429 carries no `Retry-After`. */
export function resetOfExhausted(limits: RateLimits | undefined): number | undefined {
  const waits = Object.values(limits ?? {})
    .filter((bucket) => bucket.remaining === 0)
    .map((bucket) => bucket.resetMs ?? 0)
  return waits.length === 0 ? undefined : Math.min(Math.max(...waits), MAX_WAIT_MS)
}
