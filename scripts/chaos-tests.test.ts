import { expect, test } from 'vitest'
import { mutantTotals } from './chaos-tests.mjs'

test('a killed mutant has passed, one that survives has failed', () => {
  expect(mutantTotals('[{"killed":true},{"killed":false},{"killed":true}]\n', 1)).toMatchObject({
    passed: 2,
    failed: 1,
  })
})

test('mutants that could not be tried are a failure', () => {
  expect(mutantTotals('', 2)).toMatchObject({ passed: 0, failed: 1 })
})
