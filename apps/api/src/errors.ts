import { STATUS_OF_CODE, rejected, type Problem, type ProblemCode, type Rejection } from '@flotilla/domain'
import type { Log } from '@flotilla/runtime'
import type { Context, ErrorHandler } from 'hono'
import type { TypedResponse } from 'hono/types'
import type { AppEnv } from './context.ts'
import { rejectionOf } from './database-error.ts'

export type ProblemStatus = 400 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 503

const TITLES: Readonly<Record<ProblemCode, string>> = {
  invalid_input: 'Invalid input',
  unsupported: 'Not supported by this version',
  malformed_json: 'Malformed JSON',
  too_large: 'Body too large',
  unsupported_media_type: 'Unsupported media type',
  not_found: 'Not found',
  method_not_allowed: 'Method not allowed',
  conflict: 'Conflict',
  idempotency_mismatch: 'Idempotency key used with another body',
  unauthorized: 'Unauthorized',
  forbidden: 'Forbidden',
  rate_limited: 'Too many requests',
  unavailable: 'Unavailable',
  internal: 'Internal error',
}

/** A plan of 10,000 tasks can have as many errors; the first ones say enough. */
const ERRORS_MAX = 100
const RETRY_AFTER_SECONDS = 2

/** RFC 9457. `requestId` is what the server's log has the details under. */
export function problemOf(rejection: Rejection, requestId?: string): Problem {
  const { code, errors = [] } = rejection
  return {
    type: `urn:flotilla:problem:${code}`,
    title: TITLES[code],
    status: STATUS_OF_CODE[code],
    detail: rejection.detail,
    code,
    ...(errors.length === 0 ? {} : { errors: errors.slice(0, ERRORS_MAX) }),
    ...(requestId === undefined ? {} : { requestId }),
  }
}

/** Answers a refusal; `members` extend the problem, as RFC 9457 allows. */
export function refuse(
  c: Context<AppEnv>,
  rejection: Rejection,
  more: Readonly<{ headers?: Readonly<Record<string, string>>; members?: Readonly<Record<string, unknown>> }> = {},
): Response & TypedResponse<Problem, ProblemStatus, 'json'> {
  const problem: Problem = { ...problemOf(rejection, c.get('requestId')), ...more.members }
  const retry = rejection.code === 'unavailable' ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}
  return c.json(problem, problem.status as ProblemStatus, {
    'content-type': 'application/problem+json',
    ...retry,
    ...more.headers,
  })
}

/** What nobody answered for: a database that is away is 503; anything else is a bug, told in the log and not to the client. */
export const createErrorHandler =
  (log: Log): ErrorHandler<AppEnv> =>
  (error, c) => {
    const requestId = c.get('requestId')
    const known = rejectionOf(error)
    if (known) {
      log.warn({ requestId, err: error, code: known.code }, 'a request met the database in trouble')
      return refuse(c, known)
    }
    log.error({ requestId, err: error, method: c.req.method, path: c.req.path }, 'a request failed')
    return refuse(c, rejected('internal', 'the server failed at this request; its log says why under this requestId'))
  }
