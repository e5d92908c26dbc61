import { expect, test } from 'vitest'
import type { ExpectedTask } from '../plan/expected-outcome.ts'
import { checkOutcomes } from './check-outcomes.ts'
import { goodHistory, numbered, output, replaceTask } from './histories.ts'
import type { RunHistory } from './history.ts'
import { createOutcomeSeals } from './outcome-seals.ts'

const good = goodHistory()
const expected: ExpectedTask[] = [
  { status: 'completed', value: 1 },
  { status: 'completed', value: 2 },
]
const kinds = (history: RunHistory, seals = createOutcomeSeals()): string[] =>
  checkOutcomes(history, expected, seals).map(({ kind }) => kind)

test('finds nothing where all came as planned', () => {
  expect(kinds(good)).toEqual([])
})

test('finds a task that ended otherwise than its plan says', () => {
  expect(kinds(replaceTask(good, 1, { status: 'failed' }))).toEqual(['wrong_outcome'])
  expect(kinds(replaceTask(good, 1, { status: 'skipped' }))).toEqual(['wrong_outcome'])
})

test('takes a task that was buried for what it is, and what waited for it', () => {
  const data = { attempt: 6, error: { code: 'worker_lost' } }
  const events = numbered([['task.failed', 0, data]])
  const buried = { ...replaceTask(good, 0, { status: 'failed' }), events, deadLetters: [0] }
  expect(kinds(replaceTask(buried, 1, { status: 'skipped' }))).toEqual([])
  expect(kinds(replaceTask({ ...buried, deadLetters: [] }, 1, { status: 'skipped' }))).toEqual(['no_dead_letter'])
})

test('takes a task whose budget ran out for what it is, where its budget may run out', () => {
  const events = numbered([['task.failed', 0, { attempt: 1, error: { code: 'budget_exceeded' } }]])
  const short = replaceTask({ ...replaceTask(good, 0, { status: 'failed' }), events }, 1, { status: 'skipped' })
  const kindsOf = (history: RunHistory, mayRunOut: boolean): string[] =>
    checkOutcomes(history, expected, createOutcomeSeals(), mayRunOut).map(({ kind }) => kind)
  expect(kindsOf(short, true)).toEqual([])
  expect(kindsOf(short, false)).toEqual(['wrong_outcome', 'wrong_outcome'])
  expect(kindsOf({ ...short, events: [] }, true)).toEqual(['wrong_outcome', 'wrong_outcome'])
  expect(kindsOf(replaceTask(short, 1, { status: 'failed' }), true)).toEqual(['wrong_outcome'])
})

test('says nothing of the outcome of a run that is not over', () => {
  expect(kinds(replaceTask({ ...good, run: { ...good.run, live: true } }, 1, { status: 'ready' }))).toEqual([])
})

test('finds an output that is missing, is of another attempt, or stands on other outputs than its own', () => {
  expect(kinds({ ...good, outputs: [output(0, 1, 1)] })).toEqual(['wrong_value'])
  expect(kinds(replaceTask(good, 1, { attempt: 2 }))).toEqual(['wrong_value'])
  expect(kinds({ ...good, outputs: [output(0, 1, 1), output(1, 1, 5)] })).toEqual(['wrong_value'])
})

test('finds an outcome that has changed since it was seen first', () => {
  const seals = createOutcomeSeals()
  seals.seal(1, 0, 'completed/1/hash of 1')
  seals.seal(1, 1, 'completed/1/hash of 2')
  seals.seal(1, 1, 'a later look does not replace the first')
  expect(kinds(good, seals)).toEqual([])
  const changed = { ...good, outputs: good.outputs.map((row) => ({ ...row, hash: 'another' })) }
  expect(kinds(changed, seals)).toEqual(['outcome_changed', 'outcome_changed'])
})
