import { expect, test } from 'vitest'
import { mutantTotals } from './chaos-tests.mjs'

test('a killed mutant has passed, one that survives has failed, and is told with what nothing guards', () => {
  const [killed, alive] = [
    { name: 'a', killed: true, guards: 'claims' },
    { name: 'b', killed: false, guards: 'fences' },
  ]
  expect(mutantTotals(`${JSON.stringify([killed, alive, killed])}\n`, 1)).toMatchObject({
    passed: 2,
    failures: ['mutant b, alive: fences'],
  })
})

test('mutants that could not be tried are a failure', () => {
  expect(mutantTotals('', 2)).toMatchObject({ passed: 0, failures: ['mutants: exit code 2'] })
})
