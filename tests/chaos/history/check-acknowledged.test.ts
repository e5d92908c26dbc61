import { expect, test } from 'vitest'
import { checkAcknowledged } from './check-acknowledged.ts'

const acknowledged = [
  { plan: 1, uid: 'run_a' },
  { plan: 2, uid: 'run_b' },
]
const kinds = (runs: Parameters<typeof checkAcknowledged>[1]): string[] =>
  checkAcknowledged(acknowledged, runs).map(({ kind }) => kind)

test('finds nothing where every acknowledged run is on record; others may be, too', () => {
  expect(
    kinds([...acknowledged, { plan: 3, uid: 'run_c' }, { plan: null, uid: 'run_d' }, { plan: null, uid: 'run_e' }]),
  ).toEqual([])
})

test('finds a run that is gone, and one that is there under another id', () => {
  expect(kinds([{ plan: 1, uid: 'run_a' }])).toEqual(['lost_run'])
  expect(
    kinds([
      { plan: 1, uid: 'run_a' },
      { plan: 2, uid: 'run_x' },
    ]),
  ).toEqual(['lost_run'])
})

test('finds a request that made two runs', () => {
  expect(kinds([...acknowledged, { plan: 2, uid: 'run_c' }])).toEqual(['doubled_run'])
})
