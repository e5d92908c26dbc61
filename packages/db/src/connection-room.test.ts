import { expect, it } from 'vitest'
import { connectionProblem } from './connection-room.ts'

it('a server that carries the fleet is fine, to the last connection', () => {
  expect(connectionProblem({ max: 100, reserved: 3, workers: 8, others: 7 }, 10)).toBeNull()
})

it('one that does not is told of with the sum', () => {
  expect(connectionProblem({ max: 100, reserved: 3, workers: 8, others: 8 }, 10)).toBe(
    'PostgreSQL may run out of connections: 9 workers may open 10 each, 90 in all, and others hold 8, which makes 98; it takes 97 (max_connections 100 less 3 reserved). Set max_connections to 101 or more, or run fewer workers with more places each (FLOTILLA_CONCURRENCY)',
  )
  expect(connectionProblem({ max: 10, reserved: 3, workers: 0, others: 0 }, 10)).toContain(
    'one worker may open 10 each',
  )
})
