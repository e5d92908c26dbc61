import { expect, test } from 'vitest'
import type { ChaosPlan, ChaosTask } from '../plan/chaos-plan.ts'
import { answerOf, valueIn, type Answer, type Asked } from './answer.ts'

const task = (change: Partial<ChaosTask> = {}): ChaosTask => ({
  key: 't2',
  role: 'writer',
  deps: [0, 1],
  toolTurns: 0,
  rule: 'none',
  judge: 'none',
  doomed: false,
  effects: false,
  poison: false,
  ...change,
})
const planOf = (own: ChaosTask): ChaosPlan => ({
  number: 1,
  budget: null,
  tasks: [task({ key: 't0', deps: [] }), task({ key: 't1', deps: [] }), own],
})
const FIRST = '<dependencies>value(t0)=3 value(t1)=4</dependencies>'
/** Past the calls that a fault of the model may strike. */
const ask = (own: ChaosTask, asked: Partial<Asked> = {}): Answer =>
  answerOf(1, planOf(own), { mode: 'task', key: 't2', turn: 1, nth: 9, first: FIRST, ...asked })
const said = (answer: Answer): string => (answer.kind === 'say' ? answer.text : answer.kind)

test('a task adds one to what its dependencies came to, and leaves its own earlier output out', () => {
  expect(valueIn(said(ask(task())))).toBe(8)
  expect(valueIn(said(ask(task(), { first: `${FIRST} value(t2)=100` })))).toBe(8)
  expect(valueIn(said(ask(task(), { first: 'value(t0)=3' })))).toBeNull()
})

test('a criterion that is met after a revision is not met before it', () => {
  const revision = `${FIRST}<revision>`
  expect(valueIn(said(ask(task({ rule: 'revises' }))))).toBeNull()
  expect(valueIn(said(ask(task({ rule: 'revises' }), { first: revision })))).toBe(8)
  const judged = (first: string): number =>
    (JSON.parse(said(ask(task({ judge: 'revises' }), { mode: 'judge', first }))) as { score: number }).score
  expect(judged(said(ask(task({ judge: 'revises' }))))).toBeLessThan(0.7)
  expect(judged(said(ask(task({ judge: 'revises' }), { first: revision })))).toBeGreaterThan(0.7)
})

test('tools come first, then the answer', () => {
  const kinds = [1, 2, 3].map((turn) => ask(task({ toolTurns: 2 }), { turn }).kind)
  expect(kinds).toEqual(['call', 'call', 'say'])
})

test('the tools of a task with effects are of every sort, the same ones for the same seed', () => {
  const called = (seed: number): string => {
    const answer = answerOf(seed, planOf(task({ toolTurns: 1, effects: true })), {
      mode: 'task',
      key: 't2',
      turn: 1,
      nth: 9,
      first: FIRST,
    })
    return answer.kind === 'call' ? answer.tool : answer.kind
  }
  const tools = Array.from({ length: 60 }, (_, i) => called(i))
  expect(new Set(tools)).toEqual(new Set(['write_artifact', 'look', 'put', 'pay', 'send']))
  expect(tools).toEqual(Array.from({ length: 60 }, (_, i) => called(i)))
})

test('a task that is poison kills whoever asks for it', () => {
  expect(ask(task({ poison: true }))).toMatchObject({ kind: 'kill' })
})

test('a doomed task is refused for good; others meet at most one fault', () => {
  expect(ask(task({ doomed: true }))).toMatchObject({ kind: 'refuse', status: 400 })
  for (let seed = 1; seed <= 300; seed++) {
    const answers = [1, 2, 3, 4].map((nth) =>
      answerOf(seed, planOf(task()), { mode: 'task', key: 't2', turn: 1, nth, first: FIRST }),
    )
    expect(answers.filter(({ kind }) => kind !== 'say').length).toBeLessThanOrEqual(1)
  }
})
