import type { PlanInput } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import {
  EMPTY_DRAFT,
  draftOf,
  isSamePlan,
  rangeOfTask,
  readKeptDraft,
  textOf,
  typeText,
  unreadOf,
} from './plan-draft.ts'

const plan: PlanInput = {
  tasks: [
    { key: 'read', role: 'researcher', title: 'Read', instructions: 'All of it', verify: [{ rule: 'citations' }] },
    { key: 'sum-up', role: 'writer', title: 'Sum up', dependsOn: ['read'], tools: ['write_artifact'] },
  ],
  result: 'sum-up',
}
const draft = draftOf(plan)
const inText = (change: (text: string) => string) => typeText(draft, 'text', change(textOf(draft, 'text') ?? ''))
const inJson = (change: (text: string) => string) => typeText(draft, 'json', change(textOf(draft, 'json') ?? ''))

describe('a plan as text', () => {
  it('loses nothing where nothing has changed', () => {
    expect(inText((text) => text).plan).toMatchObject(plan)
    expect(isSamePlan(inText((text) => `${text}\n`).plan, plan)).toBe(true)
  })
  it('keeps keys, criteria and tools of a task that was changed', () =>
    expect(inText((text) => text.replace('Read', 'Read twice')).plan.tasks[0]).toEqual({
      ...plan.tasks[0],
      title: 'Read twice',
      dependsOn: [],
    }))
  it('takes in tasks and takes tasks away', () => {
    const grown = inText(
      (text) => `${text.replace('depends on Task 1', 'depends on Task 3')}Task 3: @writer - Ask`,
    ).plan
    expect(grown.tasks.map(({ key, dependsOn }) => [key, dependsOn])).toEqual([
      ['read', []],
      ['sum-up', ['t3']],
      ['t3', []],
    ])
    expect(inText(() => 'Task 2: @writer - Sum up').plan.tasks.map(({ key }) => key)).toEqual(['sum-up'])
  })
  it('takes a title away', () =>
    expect(inText((text) => text.replace(' - Read', '')).plan.tasks[0]).not.toHaveProperty('title'))
  it('brings blanks back that its form does not keep', () => {
    const spaced = draftOf({ tasks: [{ key: 't1', role: 'a', title: 'Two  blanks', instructions: '  in\n' }] })
    const typed = typeText(spaced, 'text', `${textOf(spaced, 'text')}Task 2: @b`)
    expect(typed.plan.tasks[0]).toMatchObject({ title: 'Two  blanks', instructions: '  in\n' })
  })
  it('counts its tasks from where the typing began, whatever comes between', () => {
    const first = inText((text) => text.replace('Task 1: @researcher - Read\n', 'Task 1:\n'))
    expect(unreadOf(first)[0]).toContain('line 1: expected a role')
    const mended = typeText(first, 'text', textOf(draft, 'text') ?? '')
    expect(mended.plan).toMatchObject(plan)
  })
  it('is not offered where it would read as another plan', () => {
    const [first, second] = plan.tasks
    if (first === undefined || second === undefined) throw new Error('the plan has two tasks')
    for (const tasks of [
      [{ ...first, role: 'My role' }],
      [{ ...first, dependsOn: ['nobody'] }],
      [first, { ...second, key: 'read' }],
    ])
      expect(textOf(draftOf({ tasks }), 'text')).toBeNull()
  })
  it('shows a circle, which is a mistake of the plan and not of the text', () => {
    const text = 'Task 1: @a - One (depends on Task 2)\nTask 2: @b - Two (depends on Task 1)\n'
    const circle = typeText(EMPTY_DRAFT, 'text', text)
    expect(unreadOf(circle)).toEqual([])
    expect(textOf({ ...circle, typed: null }, 'text')).toBe(text)
  })
})

describe('a plan as JSON', () => {
  it('carries all of it', () => {
    expect(inJson((text) => text).plan).toEqual(plan)
    expect(inJson((text) => text.replace('"citations"', '"citations", "value": 3')).plan.tasks[0]?.verify).toEqual([
      { rule: 'citations', value: 3 },
    ])
  })
  it('leaves the plan as it was while it cannot be read, and keeps what was typed', () => {
    const broken = inJson((text) => text.slice(0, -3))
    expect(broken.plan).toEqual(plan)
    expect(unreadOf(broken)).toHaveLength(1)
    expect(textOf(broken, 'json')).toBe((textOf(draft, 'json') ?? '').slice(0, -3))
    expect(unreadOf(inJson(() => '{"tasks": [{"key": "a"}]}'))[0]).toContain('tasks.0.role')
  })
  it('is empty where the plan is', () => {
    expect(textOf(EMPTY_DRAFT, 'json')).toBe('')
    expect(typeText(draft, 'json', ' ').plan.tasks).toEqual([])
  })
})

it('finds a task in what is seen', () => {
  const text = 'Task 1: @a - One\n    Task 2 is next\n- Task 2: @b - Two\n'
  const typed = typeText(EMPTY_DRAFT, 'text', text)
  const range = rangeOfTask(text, 'text', { plan: typed.plan, index: 1 })
  expect(text.slice(range?.from, range?.to)).toBe('- Task 2: @b - Two')
  expect(rangeOfTask(text, 'text', { plan: typed.plan, index: 2 })).toBeNull()
  const json = textOf(draft, 'json') ?? ''
  const place = rangeOfTask(json, 'json', { plan, index: 1 })
  expect(json.slice(place?.from, place?.to)).toBe('"key": "sum-up"')
})

it('is kept as JSON, and read again where it is one', () => {
  for (const one of [draft, EMPTY_DRAFT, inJson((text) => text.slice(2)), inText((text) => `${text}x`)])
    expect(readKeptDraft(JSON.parse(JSON.stringify(one)))).toEqual(JSON.parse(JSON.stringify(one)))
  for (const other of [null, 'Task 1: @a - One', { plan: 'Task 1' }, { plan: { tasks: [{}] }, typed: null }])
    expect(readKeptDraft(other)).toBeNull()
})
