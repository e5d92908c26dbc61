import { ProblemError, ServerUnreachableError, UnexpectedAnswerError } from '@flotilla/client'
import { expect, test } from 'vitest'
import { isLasting, sessionAdvice } from './session-words.ts'

const problem = (status: number): ProblemError =>
  new ProblemError({
    type: 'about:blank',
    title: 'No',
    status,
    code: 'forbidden',
    detail: 'a page of there may not write here',
  })

test.each([
  [new UnexpectedAnswerError('GET /v1/runs', 401, 'text/html'), /not signed in/],
  [new UnexpectedAnswerError('GET /v1/runs', 403, 'text/html'), /no right/],
  [problem(401), /not signed in/],
])('a session that is refused is told what to do: %s', (error, words) => {
  expect(sessionAdvice(error)).toMatch(words)
  expect(isLasting(error)).toBe(true)
})

test('the server’s own words stand where they say more, and what may pass is asked again', () => {
  expect(sessionAdvice(problem(403))).toBeNull()
  expect(isLasting(problem(403))).toBe(true)
  for (const error of [problem(503), new UnexpectedAnswerError('GET /v1/runs', 502, 'text/html'), new Error('no')]) {
    expect(sessionAdvice(error)).toBeNull()
    expect(isLasting(error)).toBe(false)
  }
  expect(isLasting(new ServerUnreachableError('http://127.0.0.1', 'nothing listens there'))).toBe(false)
})
