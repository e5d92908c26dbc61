import { ProblemError, UnexpectedAnswerError } from '@flotilla/client'

const ADVICE: Readonly<Record<number, string>> = {
  401: 'You are not signed in, or your session has ended. Sign in again by reloading the page, then repeat what you did.',
  403: 'Your session has no right to this. Sign in as somebody who has, or ask whoever keeps this Flotilla.',
}

/** Where what stands before the server, such as a proxy with a login, or the server itself refuses the session; else null. */
export const sessionAdvice = (error: unknown): string | null =>
  error instanceof UnexpectedAnswerError || (error instanceof ProblemError && error.status === 401)
    ? (ADVICE[error.status] ?? null)
    : null

/** What is asked again says the same: a refusal of what was asked, or of the session. */
export const isLasting = (error: unknown): boolean =>
  sessionAdvice(error) !== null || (error instanceof ProblemError && error.status < 500)
