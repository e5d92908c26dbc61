import { FlotillaError, ProblemSchema, type Problem } from '@flotilla/domain'
import * as v from 'valibot'
import { describeNetworkError, ProblemError, ServerUnreachableError, UnexpectedAnswerError } from './errors.ts'
import { pause } from './pause.ts'

export interface ClientOptions {
  /** Base address, such as `http://127.0.0.1:3000`; the paths under it begin with `/v1`. */
  readonly url: string
  readonly apiKey?: string | undefined
  readonly fetch?: typeof fetch | undefined
  /** For one try of one call; a stream of events has limits of its own. */
  readonly timeoutMs?: number | undefined
  /** Pause before each further try of a call that may be repeated; their number is the number of further tries. */
  readonly retryDelaysMs?: readonly number[] | undefined
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>> | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly accept?: string | undefined
  /** The same call twice has the effect of one. */
  readonly repeatable: boolean
  /** Statuses beside 2xx that are answers and no errors. */
  readonly alsoOk?: readonly number[] | undefined
  /** No limit on the whole: the caller watches the body itself. */
  readonly stream?: boolean | undefined
}

export interface Transport {
  readonly url: string
  send(call: Call): Promise<Response>
  json<T>(call: Call): Promise<T>
}

const TIMEOUT_MS = 60_000
const RETRY_DELAYS_MS = [150, 400]
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504])
const RETRY_AFTER_MAX_MS = 10_000

/** Throws ProblemError, ServerUnreachableError or UnexpectedAnswerError; an abort by the caller's signal as its reason. */
export function createTransport(options: ClientOptions): Transport {
  const url = options.url.replace(/\/+$/, '')
  const send = (call: Call): Promise<Response> => sendWithRetries(url, call, options)
  return {
    url,
    send,
    async json<T>(call: Call): Promise<T> {
      const response = await send(call)
      const text = await readBody(url, response, call.signal)
      const value = parseJson(text)
      if (value === undefined) throw new UnexpectedAnswerError(nameOf(url, call), response.status, contentOf(response))
      return value as T
    },
  }
}

async function sendWithRetries(url: string, call: Call, options: ClientOptions): Promise<Response> {
  const delays = call.repeatable ? (options.retryDelaysMs ?? RETRY_DELAYS_MS) : []
  for (let tries = 0; ; tries += 1) {
    const delay = delays[tries]
    const outcome = await sendOnce(url, call, options).catch((error: unknown) => {
      if (error instanceof ServerUnreachableError && delay !== undefined && !call.signal?.aborted) return error
      throw error
    })
    if (outcome instanceof Response) {
      if (outcome.ok || call.alsoOk?.includes(outcome.status)) return outcome
      if (delay === undefined || !PASSING.has(outcome.status)) throw await refusalOf(url, call, outcome)
      await outcome.body?.cancel()
      await pause(Math.max(delay, retryAfterMs(outcome)), call.signal)
    } else await pause(delay ?? 0, call.signal)
    call.signal?.throwIfAborted()
  }
}

async function sendOnce(url: string, call: Call, options: ClientOptions): Promise<Response> {
  const { fetch: send = fetch, timeoutMs = TIMEOUT_MS, apiKey } = options
  const limits = [call.signal, call.stream ? undefined : AbortSignal.timeout(timeoutMs)].filter((s) => s !== undefined)
  try {
    return await send(`${url}${call.path}${queryOf(call)}`, {
      method: call.method,
      headers: {
        accept: call.accept ?? 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(limits.length === 0 ? {} : { signal: AbortSignal.any(limits) }),
    })
  } catch (error) {
    throw networkFailure(url, error, call.signal)
  }
}

/** The caller's abort stays what it is; all else is the network's. */
export function networkFailure(url: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted || error instanceof FlotillaError) return error
  const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
  return new ServerUnreachableError(url, timedOut ? 'it does not answer in time' : describeNetworkError(error), error)
}

export async function readBody(url: string, response: Response, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    throw networkFailure(url, error, signal)
  }
}

async function refusalOf(url: string, call: Call, response: Response): Promise<FlotillaError> {
  const problem = problemOf(parseJson(await readBody(url, response, call.signal)))
  return problem === null
    ? new UnexpectedAnswerError(nameOf(url, call), response.status, contentOf(response))
    : new ProblemError(problem)
}

/** A problem of a newer server may have a code that this version does not know. */
function problemOf(value: unknown): Problem | null {
  const known = v.safeParse(ProblemSchema, value)
  if (known.success) return known.output
  if (typeof value !== 'object' || value === null) return null
  const other = v.safeParse(ProblemSchema, { type: 'about:blank', detail: '', ...value, code: 'internal' })
  return other.success ? other.output : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0)
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, RETRY_AFTER_MAX_MS) : 0
}

const nameOf = (url: string, call: Call): string => `${call.method} ${url}${call.path}`
const contentOf = (response: Response): string => response.headers.get('content-type') ?? 'no content'

function queryOf(call: Call): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(call.query ?? {}))
    for (const each of typeof value === 'object' ? value : value === undefined ? [] : [value])
      query.append(name, String(each))
  return query.size === 0 ? '' : `?${query.toString()}`
}
