import { formatPlanText, type PlanInput } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import { lineOfTask, mergePlan, readDraft } from './read-plan.ts'

const before: PlanInput = {
  tasks: [
    { key: 'read', role: 'researcher', title: 'Read', instructions: 'All of it', verify: [{ rule: 'citations' }] },
    { key: 'sum-up', role: 'writer', title: 'Sum up', dependsOn: ['read'], tools: ['write_artifact'] },
  ],
  result: 'sum-up',
}
const edit = (change: (text: string) => string) => mergePlan(before, readDraft(change(formatPlanText(before))).plan)

describe('mergePlan', () => {
  it('loses nothing of a plan that was not changed', () => expect(edit((text) => text)).toMatchObject(before))
  it('keeps keys and criteria of a task that was changed', () =>
    expect(edit((text) => text.replace('Read', 'Read twice')).tasks[0]).toMatchObject({
      key: 'read',
      title: 'Read twice',
      verify: [{ rule: 'citations' }],
    }))
  it('takes in tasks and takes tasks away', () => {
    const plan = edit((text) => `${text.replace('depends on Task 1', 'depends on Task 3')}Task 3: @writer - Ask`)
    expect(plan.tasks.map(({ key, dependsOn }) => [key, dependsOn])).toEqual([
      ['read', []],
      ['sum-up', ['t3']],
      ['t3', []],
    ])
    expect(edit(() => 'Task 2: @writer - Sum up').tasks.map(({ key }) => key)).toEqual(['sum-up'])
  })
})

describe('readDraft', () => {
  it('names a cycle and still draws the tasks', () => {
    const draft = readDraft('Task 1: @a - One (depends on Task 2)\nTask 2: @b - Two (depends on Task 1)')
    expect(draft.cycle).toEqual(['t1', 't2', 't1'])
    expect(draft.plan.tasks).toHaveLength(2)
    expect(draft.issues[0]?.message).toContain('circle')
  })
})

it('finds the line of a task', () => {
  const text = 'Task 1: @a - One\n    Task 2 is next\n- Task 12: @b - Two\n'
  const line = lineOfTask(text, 't12')
  expect(text.slice(line?.from, line?.to)).toBe('- Task 12: @b - Two')
  expect(lineOfTask(text, 't3')).toBeNull()
})
