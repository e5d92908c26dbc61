import { expect, test } from 'vitest'
import { loadPerTask } from './load.ts'

test('load is told per task, without the submitter in the sum and with what others did', () => {
  const before = {
    atMs: 1000,
    cpuMs: { worker: 100, postgres: 50, submitter: 10 },
    walBytes: 1000,
    machine: { busyMs: 5000, stolenMs: 100 },
  }
  const after = {
    atMs: 2000,
    cpuMs: { worker: 600, postgres: 350, submitter: 110 },
    walBytes: 101_000,
    machine: { busyMs: 6300, stolenMs: 140 },
  }
  expect(loadPerTask(before, after, 100, 2)).toEqual({
    'cpu.worker': 5,
    'cpu.postgres': 3,
    'cpu.submitter': 1,
    'cpu.total': 8,
    wal: 1000,
    others: 20,
    stolen: 2,
  })
})

test('where there is no database there is no WAL', () => {
  const sample = { atMs: 0, cpuMs: { worker: 1 }, walBytes: null, machine: { busyMs: 0, stolenMs: 0 } }
  expect(loadPerTask(sample, { ...sample, atMs: 10 }, 1, 1)).not.toHaveProperty('wal')
})
