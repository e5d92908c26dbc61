import { expect, it } from 'vitest'
import { wilson } from './wilson.ts'

it('knows nothing without a try', () => expect(wilson(0, 0)).toBeNull())

it('is unsure after one try and surer after many', () => {
  const [one, many] = [wilson(1, 1), wilson(95, 100)]
  expect(one?.low).toBeCloseTo(0.207, 3)
  expect(one?.high).toBeCloseTo(1, 10)
  expect(many?.low).toBeCloseTo(0.888, 3)
  expect(many?.high).toBeCloseTo(0.978, 3)
})

it('stays within 0 and 1', () =>
  expect(
    [wilson(0, 5), wilson(5, 5)].every(
      (i) => i !== null && i.low >= 0 && i.high <= 1 && i.low <= i.mid && i.mid <= i.high,
    ),
  ).toBe(true))
