import type { PlanInput } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import { addTask, changeTask, connect, disconnect, removeTask, setResult, withRole } from './plan-edits.ts'

/** `c after b` as `c: b`, in the order of the plan. */
const plan = (...lines: string[]): PlanInput => ({
  tasks: lines.map((line) => {
    const [key = '', after = ''] = line.split(':').map((part) => part.trim())
    return { key, role: 'writer', dependsOn: after === '' ? [] : after.split(' ') }
  }),
})
const linesOf = ({ tasks }: PlanInput): string[] =>
  tasks.map(({ key, dependsOn = [] }) => [key, ...dependsOn].join(' ').replace(' ', ': '))

describe('addTask', () => {
  it('adds one at the end with a key of its own', () =>
    expect(linesOf(addTask(plan('t1', 't3')))).toEqual(['t1', 't3', 't4']))
  it('adds the first one', () => expect(addTask({ tasks: [] }).tasks).toMatchObject([{ key: 't1', role: 'writer' }]))
  it('adds one after a task, of its role', () => {
    const grown = addTask(
      {
        tasks: [
          { key: 'a', role: 'painter' },
          { key: 'b', role: 'cook' },
        ],
      },
      { after: 0 },
    )
    expect(grown.tasks[2]).toMatchObject({ role: 'painter', dependsOn: ['a'] })
  })
  it('adds one that a task waits for', () =>
    expect(linesOf(addTask(plan('a', 'b: a'), { before: 1 }))).toEqual(['a', 'b: a t3', 't3']))
})

describe('removeTask', () => {
  it('joins what was before it to what was after it', () =>
    expect(linesOf(removeTask(plan('a', 'b', 'c: a b', 'd: c a'), 2))).toEqual(['a', 'b', 'd: a b']))
  it('takes a circle apart without one that waits for itself', () =>
    expect(linesOf(removeTask(plan('a: b', 'b: a'), 0))).toEqual(['b']))
  it('forgets a result that is gone', () => {
    expect(removeTask({ ...plan('a', 'b'), result: 'b' }, 1)).not.toHaveProperty('result')
    expect(removeTask({ ...plan('a', 'b'), result: 'b' }, 0)).toHaveProperty('result', 'b')
  })
  it('leaves the arrows to the other one of a key', () =>
    expect(linesOf(removeTask(plan('a', 'a', 'b: a'), 0))).toEqual(['a', 'b: a']))
  it('does nothing where there is no such task', () => {
    const before = plan('a')
    expect(removeTask(before, 4)).toBe(before)
  })
})

it('withRole gives all tasks of a role another', () =>
  expect(
    withRole(
      {
        tasks: [
          { key: 'a', role: 'writter' },
          { key: 'b', role: 'qa' },
        ],
      },
      'writter',
      'writer',
    ).tasks,
  ).toEqual([
    { key: 'a', role: 'writer' },
    { key: 'b', role: 'qa' },
  ]))

describe('changeTask', () => {
  it('carries a new key to wherever the plan names it', () => {
    const after = changeTask({ ...plan('a', 'b: a'), result: 'a' }, 0, { key: 'x' })
    expect(linesOf(after)).toEqual(['x', 'b: x'])
    expect(after.result).toBe('x')
  })
  it('leaves the old key to another task that has it', () =>
    expect(linesOf(changeTask(plan('a', 'a', 'b: a'), 1, { key: 'x' }))).toEqual(['a', 'x', 'b: a']))
})

describe('connect and disconnect', () => {
  it('make an arrow once, and take it away', () => {
    const joined = connect(plan('a', 'b'), 0, 1)
    expect(linesOf(joined)).toEqual(['a', 'b: a'])
    expect(connect(joined, 0, 1)).toBe(joined)
    expect(linesOf(disconnect(joined, 'a', 1))).toEqual(['a', 'b'])
  })
  it('make a circle where one is drawn, but none of a single task', () => {
    expect(linesOf(connect(plan('a', 'b: a'), 1, 0))).toEqual(['a: b', 'b: a'])
    const before = plan('a')
    expect(connect(before, 0, 0)).toBe(before)
  })
  it('take away what is not in the plan', () =>
    expect(linesOf(disconnect(plan('a: nobody'), 'nobody', 0))).toEqual(['a']))
})

it('setResult names a task, or none', () => {
  expect(setResult(plan('a'), 'a').result).toBe('a')
  expect(setResult(setResult(plan('a'), 'a'), null)).not.toHaveProperty('result')
})
