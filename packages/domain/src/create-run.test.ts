import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { CreateRunSchema, unsupportedInRun } from './create-run.ts'
import { issuesOf, type Issue } from './problem.ts'

function issues(input: unknown): Issue[] {
  const parsed = v.safeParse(CreateRunSchema, input)
  return parsed.success ? [] : issuesOf(parsed.issues)
}
const planned = (task: object) => ({ goal: 'x', plan: { tasks: [{ key: 'a', role: 'writer', ...task }] } })

describe('CreateRunSchema', () => {
  it('fills in the defaults and trims the goal', () => {
    expect(v.parse(CreateRunSchema, { goal: '  Compare these.\n' })).toEqual({
      goal: 'Compare these.',
      inputs: {},
      documents: [],
      collections: [],
      workflow: null,
      plan: null,
      mode: 'parallel',
      start: true,
      budget: null,
      approval: null,
      priority: 5,
      labels: {},
    })
  })

  it('takes every field at its default or null', () => {
    const input = { goal: 'x', workflow: null, plan: null, budget: null, approval: null, collections: [] }
    expect(issues(input)).toEqual([])
    expect(unsupportedInRun(v.parse(CreateRunSchema, input))).toEqual([])
  })

  it.each([
    [{ goal: 'x', gaol: 1 }, '/gaol', 'unknown field "gaol"'],
    [
      { goal: 'x', budget: { token: 1 } },
      '/budget/token',
      'unknown field "token": expected tokens, costUsd, toolCalls, seconds, onExceeded, such as {"costUsd": 5}',
    ],
    [planned({ depends: [] }), '/plan/tasks/0/depends', 'unknown field "depends"'],
    [{}, '/goal', '"goal" is missing'],
    [{ goal: 7 }, '/goal', 'expected the goal as text'],
    [{ goal: ' \n\t' }, '/goal', 'the goal is empty: say in a sentence or more what is to be done'],
    [
      { goal: 'x'.repeat(33_000) },
      '/goal',
      'expected at most 32,000 characters, found 33,000: put long material into "documents"',
    ],
    [{ goal: 'a\u0000b' }, '/goal', 'the text holds NUL characters or broken Unicode'],
    [{ goal: 'x', labels: { team: '\ud800' } }, '/labels/team', 'the text holds NUL characters or broken Unicode'],
    [
      planned({ instructions: '\u0000' }),
      '/plan/tasks/0/instructions',
      'the text holds NUL characters or broken Unicode',
    ],
    [{ goal: 'x', plan: { tasks: [] } }, '/plan/tasks', 'a plan needs at least one task'],
    [planned({ role: 'Back End' }), '/plan/tasks/0/role', expect.stringContaining('"Back End" is not a role')],
    [planned({ key: '-' }), '/plan/tasks/0/key', expect.stringContaining('"-" is not a task key')],
    [
      { goal: 'x', documents: [{ name: 'a.md', content: 'PK\u0000' }] },
      '/documents/0/content',
      expect.stringContaining('not text'),
    ],
    [
      { goal: 'x', documents: [{ name: 'a[1].md', content: 'x' }] },
      '/documents/0/name',
      expect.stringContaining('square brackets'),
    ],
    [
      { goal: 'x', documents: ['a', 'b', 'a'].map((name) => ({ name, content: 'x' })) },
      '/documents/2/name',
      'document 0 is named "a" already',
    ],
    [{ goal: 'x', priority: 10 }, '/priority', 'expected 0 (last) to 9 (first)'],
    [{ goal: 'x', labels: { 'a b': 'x' } }, '/labels/a b', expect.stringContaining('expected a label')],
  ])('refuses with path and reason: %#', (input, path, message) => {
    expect(issues(input)).toEqual([{ path, message }])
  })

  it.each([
    ['mode', 'fast'],
    ['start', 'yes'],
    ['inputs', []],
    ['documents', {}],
    ['plan', []],
    ['budget', 5],
    ['labels', 'x'],
    ['priority', '1'],
  ])('refuses a wrong type of %s', (field, value) =>
    expect(issues({ goal: 'x', [field]: value })[0]?.path).toMatch(new RegExp(`^/${field}`)),
  )

  it('tells everything that is wrong at once', () => {
    expect(issues({ goal: '', mode: 'x', foo: 1 }).map((issue) => issue.path)).toEqual(['/goal', '/mode', '/foo'])
  })

  it('refuses 10,001 tasks with the number found', () => {
    const tasks = Array.from({ length: 10_001 }, (_, i) => ({ key: `t${i}`, role: 'writer' }))
    expect(issues({ goal: 'x', plan: { tasks } })).toEqual([
      { path: '/plan/tasks', message: 'a plan holds at most 10,000 tasks, found 10001' },
    ])
  })

  it('refuses input nested deeper than it can be walked', () => {
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = { a: deep }
    expect(issues({ goal: 'x', inputs: deep })).toMatchObject([{ message: 'nested deeper than 100 levels' }])
  })
})

describe('unsupportedInRun', () => {
  it.each([
    [{ collections: ['handbook'] }, '/collections'],
    [{ workflow: { name: 'research' } }, '/workflow'],
    [{ mode: 'hierarchical' }, '/mode'],
    [{ mode: 'autonomous' }, '/mode'],
    [{ approval: { plan: true } }, '/approval/plan'],
    [{ approval: { delivery: true } }, '/approval/delivery'],
    [planned({ when: 'x' }), '/plan/tasks/0/when'],
    [planned({ fallbackFor: 'b' }), '/plan/tasks/0/fallbackFor'],
    [planned({ map: {} }), '/plan/tasks/0/map'],
    [planned({ approval: {} }), '/plan/tasks/0/approval'],
  ])('names the path of %j', (input, path) => {
    const found = unsupportedInRun(v.parse(CreateRunSchema, { goal: 'x', ...input }))
    expect(found).toEqual([{ path, message: expect.stringContaining('is not supported by this version') as unknown }])
  })
})
