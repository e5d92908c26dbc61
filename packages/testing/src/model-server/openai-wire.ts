import type { Quotas } from './protocol.ts'

export const bearerKey = (headers: Readonly<Record<string, string | string[] | undefined>>): string =>
  String(headers['authorization'] ?? '').replace(/^Bearer /, '')

/** Resets are durations here. */
export function openAIQuotaHeaders(quotas: Quotas): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, quota] of Object.entries(quotas)) {
    headers[`x-ratelimit-limit-${name}`] = String(quota.limit)
    headers[`x-ratelimit-remaining-${name}`] = String(quota.remaining)
    headers[`x-ratelimit-reset-${name}`] = `${Math.ceil(quota.resetMs)}ms`
  }
  return headers
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'invalid_api_key',
  404: 'invalid_request_error',
  429: 'rate_limit_exceeded',
  503: 'server_is_overloaded',
}

export const openAIError = (status: number, message: string): object => ({
  error: { message, type: ERRORS[status] ?? 'server_error', code: ERRORS[status] ?? null, param: null },
})
