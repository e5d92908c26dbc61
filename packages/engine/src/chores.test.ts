import { expect, it } from 'vitest'
import { createChoreTurns } from './chores.ts'

/** Workers that hear each other, each with rounds of its own. */
function fleet(names: readonly string[]) {
  let now = 0
  const gone = new Set<string>()
  const deaf = new Set<string>()
  const workers = names.map((worker) => ({
    worker,
    turns: createChoreTurns({
      worker,
      patienceMs: 1_500,
      now: () => now,
      publish: ({ chores }) => {
        for (const other of workers) if (!deaf.has(other.worker)) other.turns.heard(chores)
      },
    }),
  }))
  const round = (): string[] => {
    now += 500
    const busy = workers.filter(({ worker, turns }) => !gone.has(worker) && turns.mine())
    for (const { turns } of busy) turns.done()
    return busy.map(({ worker }) => worker)
  }
  return { round, gone, deaf }
}

it('one of a fleet does its chores', () => {
  const { round } = fleet(['c', 'a', 'b'])
  round()
  for (let i = 0; i < 10; i++) expect(round()).toEqual(['a'])
})

it('another takes over from one that is gone, once', () => {
  const { round, gone } = fleet(['a', 'b', 'c'])
  round()
  gone.add('a')
  const rounds = Array.from({ length: 12 }, round)
  expect(rounds.slice(0, 2)).toEqual([[], []])
  expect(rounds.at(-1)).toEqual(['b'])
  expect(rounds.filter((busy) => busy.includes('c')).length).toBeLessThan(3)
})

it('a worker that hears nothing does them itself', () => {
  const { round, deaf } = fleet(['a', 'b'])
  deaf.add('b')
  expect(round()).toEqual(['a', 'b'])
  expect(round()).toEqual(['a', 'b'])
})

it('one alone does them from the first round on', () => {
  expect(fleet(['a']).round()).toEqual(['a'])
})
