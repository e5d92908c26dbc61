import { expect, test } from 'vitest'
import { fuse, type Vote } from './fuse.ts'

const vote = (documentN: number, n: number, weight = 1, relevant = true): Vote => ({ documentN, n, weight, relevant })
const order = (...rankings: Vote[][]) => fuse(rankings).map(({ documentN, n }) => `${documentN}.${n}`)

test('puts what several rankings agree on before the first of one', () => {
  expect(order([vote(0, 1), vote(0, 2)], [vote(0, 3), vote(0, 2)])).toEqual(['0.2', '0.1', '0.3'])
})

test('weighs a place, so that a weak ranking does not outvote a sure one', () => {
  expect(order([vote(0, 1), vote(0, 2)], [vote(0, 3, 0.1)])).toEqual(['0.1', '0.2', '0.3'])
})

test('orders equals by document and chunk, whatever the order of the rankings', () => {
  const rankings = [[vote(2, 0)], [vote(1, 5)], [vote(1, 4)]]
  expect(order(...rankings)).toEqual(['1.4', '1.5', '2.0'])
  expect(order(...rankings.toReversed())).toEqual(['1.4', '1.5', '2.0'])
})

test('leaves out what no ranking finds to the point', () => {
  expect(order([vote(0, 1, 1, false), vote(0, 2, 1, false)], [vote(0, 2)])).toEqual(['0.2'])
})
