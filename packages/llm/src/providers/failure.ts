import type { ErrorCode, Failure } from '@flotilla/domain'
import type { ModelFailure, ProviderName, RateLimits } from '../port.ts'
import { parseRateLimits, parseRetryAfter, resetOfExhausted } from '../rate-limits.ts'

/** Who is called: named in every message. `keyVariable` is what an operator sets; `secrets` never appear. */
export type CallIdentity = {
  provider: ProviderName
  model: string
  keyVariable: string
  address: string
  secrets: readonly string[]
}

/** What both SDKs' errors carry: no status and no headers where the connection failed, or an error event arrived. */
type SdkError = {
  status?: number | undefined
  headers?: Headers | undefined
  message: string
  type?: string | null | undefined
  code?: string | null | undefined
  cause?: unknown
}

const CONNECT_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])
const TIMEOUT_CODES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])
const NO_QUOTA = new Set(['insufficient_quota', 'billing_error', 'billing_not_active'])
const NO_ACCESS = 'access_terminated'

/** Error types and codes of both providers' bodies and error events. */
const BY_TYPE: Record<string, ErrorCode> = {
  rate_limit_error: 'model_rate_limited',
  rate_limit_exceeded: 'model_rate_limited',
  overloaded_error: 'model_overloaded',
  server_is_overloaded: 'model_overloaded',
  slow_down: 'model_overloaded',
  api_error: 'model_unavailable',
  server_error: 'model_unavailable',
  timeout_error: 'model_timeout',
  authentication_error: 'model_auth',
  permission_error: 'model_auth',
  invalid_api_key: 'model_auth',
  invalid_request_error: 'model_bad_request',
  not_found_error: 'model_bad_request',
  request_too_large: 'model_bad_request',
  context_length_exceeded: 'model_bad_request',
}

export function errorCodeOf(error: { status?: number | undefined; kinds: readonly string[] }): ErrorCode {
  if (error.kinds.some((kind) => NO_QUOTA.has(kind) || kind === NO_ACCESS)) return 'model_auth'
  const { status } = error
  if (status === undefined || status < 400) {
    return error.kinds.map((kind) => BY_TYPE[kind]).find((code) => code !== undefined) ?? 'model_unavailable'
  }
  if (status === 429) return 'model_rate_limited'
  if (status === 529 || status === 503) return 'model_overloaded'
  if (status === 401 || status === 402 || status === 403) return 'model_auth'
  if (status === 408) return 'model_timeout'
  if (status === 409 || status >= 500) return 'model_unavailable'
  return 'model_bad_request'
}

/** What to do where the key is good and its account is not: undefined for all other failures. */
export const quotaTodo = (who: CallIdentity, kinds: readonly string[], status?: number): string | undefined =>
  status === 402 || kinds.some((kind) => NO_QUOTA.has(kind))
    ? `the account of ${who.keyVariable} has no quota left: add credit to it, then resume the runs that are paused for it`
    : undefined

const MAX_DETAIL = 400

/** A provider's own words, without line feeds, keys and excess; some quote a part of the key back. */
function clean(text: string, secrets: readonly string[]): string {
  const unkeyed = secrets
    .filter((secret) => secret.length >= 4)
    .reduce((out, secret) => out.replaceAll(secret, '[key]'), text)
    .replaceAll(/\b(?:(?:sk|pk)-|Bearer\s+)[A-Za-z0-9_*.-]{6,}/g, '[key]')
  const flat = unkeyed.replaceAll(/\s+/g, ' ').trim()
  return flat.length > MAX_DETAIL ? `${flat.slice(0, MAX_DETAIL)}…` : flat
}

/** By what the provider objects to, in its own words. */
function requestAdvice(happened: string): string {
  if (/\bmodel\b/i.test(happened) && /\b404\b|not[ _]found|does not exist/i.test(happened))
    return 'check the name of the model'
  if (/tool|function|schema/i.test(happened)) return 'correct the tool or the schema that it names'
  if (/\b413\b|context|too (?:long|large|many tokens)|token limit/i.test(happened))
    return 'make the request smaller, or choose a model that takes more'
  return 'change what it objects to in the request, or choose another model'
}

type Cause = Readonly<{ code: ErrorCode; happened: string; retryAfterMs: number | undefined }>

/** What an operator or the caller can do about a failure. */
function advice({ code, happened, retryAfterMs }: Cause, who: CallIdentity): string {
  switch (code) {
    case 'model_rate_limited':
      return retryAfterMs === undefined ? 'wait, or lower the concurrency' : `wait ${Math.ceil(retryAfterMs / 1000)} s`
    case 'model_overloaded':
      return 'wait and try again, or choose another model'
    case 'model_auth':
      return `set ${who.keyVariable} to a valid key of an account that may use this model`
    case 'model_bad_request':
      return requestAdvice(happened)
    case 'model_timeout':
      return 'try again, or raise the time-out'
    default:
      return `check that ${who.address} is reachable, and try again`
  }
}

/** As settings name the model. */
const settingName = ({ provider, model }: CallIdentity): string =>
  `${provider === 'openai-compatible' ? 'compatible' : provider}:${model}`

export function modelFailure(
  who: CallIdentity,
  code: ErrorCode,
  happened: string,
  more: Omit<ModelFailure, 'ok' | 'failure'> & {
    retryAfterMs?: number | undefined
    todo?: string | undefined
  } = {},
): ModelFailure {
  const { retryAfterMs, todo, ...rest } = more
  const failure: Failure = {
    code,
    message: `${settingName(who)} ${clean(happened, who.secrets)}: ${todo ?? advice({ code, happened, retryAfterMs }, who)}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
  return { ok: false, failure, ...rest }
}

/** The outcome for an error that an SDK threw. `now` in Unix milliseconds, for dates in headers. */
export function failureOfError(who: CallIdentity, thrown: unknown, now: number): ModelFailure {
  const error = asSdkError(thrown)
  if (error.status === undefined && error.headers === undefined) return failureOfConnection(who, error)
  const kinds = [error.type, error.code].filter((kind) => kind != null)
  const code = errorCodeOf({ status: error.status, kinds })
  const limits = error.headers && parseRateLimits(error.headers, now)
  const waits = code === 'model_rate_limited' || code === 'model_overloaded' || code === 'model_unavailable'
  const retryAfterMs = waits ? waitOf(error, limits, code, now) : undefined
  const verb = error.status === undefined ? 'sent an error' : `answered ${error.status}`
  return modelFailure(who, code, `${verb} (${error.message})`, {
    retryAfterMs,
    todo: quotaTodo(who, kinds, error.status),
    ...(limits && { limits }),
  })
}

function waitOf(error: SdkError, limits: RateLimits | undefined, code: ErrorCode, now: number): number | undefined {
  const told = error.headers && parseRetryAfter(error.headers, now)
  return told ?? (code === 'model_rate_limited' ? resetOfExhausted(limits) : undefined)
}

function failureOfConnection(who: CallIdentity, error: SdkError): ModelFailure {
  const codes = causeCodes(error)
  const unknown = { usageUnknown: true } as const
  if (codes.some((code) => TIMEOUT_CODES.has(code)))
    return modelFailure(who, 'model_timeout', 'did not answer in time', unknown)
  const why = codes[0] ?? error.message
  if (codes.some((code) => CONNECT_CODES.has(code)))
    return modelFailure(who, 'model_unavailable', `could not be reached at ${who.address} (${why})`)
  return modelFailure(who, 'model_unavailable', `broke the connection off (${why})`, unknown)
}

/** System and undici error codes along the chain of causes, outermost first. */
function causeCodes(error: unknown, depth = 0): string[] {
  if (depth > 5 || typeof error !== 'object' || error === null) return []
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return [...(typeof code === 'string' ? [code] : []), ...causeCodes(cause, depth + 1)]
}

/** A fault of our own code: what the SDKs and the network throw has a status, a code or a cause. */
export function isBug(thrown: unknown): boolean {
  const ours = thrown instanceof TypeError || thrown instanceof ReferenceError || thrown instanceof RangeError
  return ours && thrown.cause === undefined && !('code' in thrown)
}

function asSdkError(thrown: unknown): SdkError {
  if (!(thrown instanceof Error)) return { message: String(thrown) }
  const { status, headers, type, code } = thrown as Partial<SdkError>
  const isStatus = typeof status === 'number'
  return {
    message: isStatus ? thrown.message.replace(`${status} `, '') : thrown.message,
    status: isStatus ? status : undefined,
    headers: headers instanceof Headers ? headers : undefined,
    type: typeof type === 'string' ? type : undefined,
    code: typeof code === 'string' ? code : undefined,
    cause: thrown.cause,
  }
}
