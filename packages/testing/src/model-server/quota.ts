import type { Quota, Quotas } from './protocol.ts'

const MINUTE_MS = 60_000

/** Per minute, for each model and key. */
export type Limits = Readonly<{ requests?: number; tokens?: number }>

export type QuotaTake = Readonly<{ ok: boolean; quotas: Quotas; retryAfterMs: number }>

export interface QuotaBook {
  take(lane: string, tokens: number, now: number): QuotaTake
}

type Bucket = { level: number; at: number }

/** Buckets that fill continuously, as the providers'. A call that finds too little takes nothing. */
export function createQuotaBook(limits: Limits): QuotaBook {
  const lanes = new Map<string, { requests: Bucket; tokens: Bucket }>()
  const full = (limit: number | undefined, now: number): Bucket => ({ level: limit ?? 0, at: now })
  return {
    take: (id, tokens, now) => {
      const lane = lanes.get(id) ?? { requests: full(limits.requests, now), tokens: full(limits.tokens, now) }
      lanes.set(id, lane)
      const asked = [
        { bucket: lane.requests, limit: limits.requests, amount: 1 },
        { bucket: lane.tokens, limit: limits.tokens, amount: tokens },
      ]
      const waits = asked.map(({ bucket, limit, amount }) =>
        limit === undefined ? 0 : waitFor(bucket, limit, amount, now),
      )
      const retryAfterMs = Math.max(...waits)
      if (retryAfterMs === 0) for (const { bucket, amount } of asked) bucket.level -= amount
      return { ok: retryAfterMs === 0, retryAfterMs, quotas: quotasOf(lane, limits) }
    },
  }
}

function waitFor(bucket: Bucket, limit: number, amount: number, now: number): number {
  bucket.level = Math.min(limit, bucket.level + (Math.max(0, now - bucket.at) * limit) / MINUTE_MS)
  bucket.at = now
  return bucket.level >= amount ? 0 : ((amount - bucket.level) * MINUTE_MS) / limit
}

function quotasOf(lane: { requests: Bucket; tokens: Bucket }, limits: Limits): Quotas {
  const quota = (bucket: Bucket, limit: number): Quota => ({
    limit,
    remaining: Math.max(0, Math.floor(bucket.level)),
    resetMs: ((limit - bucket.level) * MINUTE_MS) / limit,
  })
  return {
    ...(limits.requests !== undefined && { requests: quota(lane.requests, limits.requests) }),
    ...(limits.tokens !== undefined && { tokens: quota(lane.tokens, limits.tokens) }),
  }
}
