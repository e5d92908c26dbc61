import { FlotillaError, type Problem } from '@flotilla/domain'

/** The server's refusal, as RFC 9457 tells it. */
export class ProblemError extends FlotillaError {
  readonly problem: Problem
  readonly status: number

  constructor(problem: Problem) {
    super(problem.code, problem.detail === '' ? problem.title : problem.detail, { data: { status: problem.status } })
    this.problem = problem
    this.status = problem.status
  }
}

/** No answer came: nothing listens, the connection broke, or it took too long. */
export class ServerUnreachableError extends FlotillaError {
  constructor(url: string, reason: string, cause?: unknown) {
    super(
      'unreachable',
      `cannot reach Flotilla at ${url}: ${reason}. Start it with \`flotilla up\`, or give its address with --url or FLOTILLA_URL`,
      { data: { url }, cause },
    )
  }
}

/** Something answered that does not speak this API. */
export class UnexpectedAnswerError extends FlotillaError {
  readonly status: number

  constructor(call: string, status: number, found: string) {
    super('unexpected_answer', `${call} answered ${status} with ${found}; is this the address of a Flotilla API?`, {
      data: { status },
    })
    this.status = status
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  EHOSTUNREACH: 'there is no way to that host',
  ENOTFOUND: 'that host name is not known',
  EAI_AGAIN: 'that host name cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_SOCKET: 'the connection was closed',
}

/** In plain words what fetch's "fetch failed" hides in its chain of causes. */
export function describeNetworkError(error: unknown): string {
  let innermost = 'the connection failed'
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? String(at.code) : ''
    if (REASONS[code] !== undefined) return REASONS[code]
    if (at.message !== '') innermost = at.message
  }
  return innermost
}
