// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { draftOf, type PlanDraft } from './plan-draft.ts'
import { checkPlan } from './plan-flaws.ts'
import { TaskPanel } from './task-panel.tsx'
import { usePlanEdits } from './use-plan-edits.ts'

afterEach(cleanup)

const start = draftOf({
  tasks: [
    { key: 'read', role: 'researcher', title: 'Read' },
    { key: 'tell', role: 'writer', title: 'Tell', dependsOn: ['read'], maxAttempts: 2 },
  ],
})

/** The second task's fields; `drafts` are those that were told. */
function open() {
  const drafts: PlanDraft[] = []
  const keep = (draft: PlanDraft): void => void drafts.push(draft)
  function Panel() {
    const edits = usePlanEdits(start, keep)
    const { plan } = edits.draft
    const { flaws } = checkPlan(plan)
    return (
      <>
        <TaskPanel {...{ plan, flaws }} index={1} roles={[]} edit={edits.edit} fresh={false} onClose={() => {}} />
        <button onClick={edits.undo}>Undo</button>
      </>
    )
  }
  render(<Panel />)
  return { task: () => drafts.at(-1)?.plan.tasks[1] }
}

const field = (label: string) => screen.getByLabelText<HTMLInputElement>(label)
const type = (label: string, value: string) => fireEvent.change(field(label), { target: { value } })

it('keeps what is no number as it was typed, says so, and leaves the plan as it was', () => {
  const { task } = open()
  type('Attempts at most', 'many')
  expect(field('Attempts at most').value).toBe('many')
  screen.getByText('Expected a number, or nothing for 3.')
  expect(task()?.maxAttempts).toBe(2)
  type('Attempts at most', '')
  expect(task()?.maxAttempts).toBeUndefined()
})

it('keeps the comma after which the next tool is typed', () => {
  const { task } = open()
  type('Tools', 'read_file, ')
  expect(field('Tools').value).toBe('read_file, ')
  expect(task()?.tools).toEqual(['read_file'])
})

it('shows what an undo brings back also where something else was typed', () => {
  const { task } = open()
  type('Role', 'painter')
  fireEvent.click(screen.getByText('Undo'))
  expect(field('Role').value).toBe('writer')
  expect(task()).toEqual(start.plan.tasks[1])
})

it('tells what is wrong at its field, and opens where that is folded away', () => {
  open()
  type('Role', 'My role')
  expect(field('Role').getAttribute('aria-invalid')).toBe('true')
  const folded = screen.getByText('Key, tools, criteria and limits').closest('details')
  expect(folded?.open).toBe(false)
  type('Attempts at most', '99')
  expect(folded?.open).toBe(true)
  screen.getByText(/expected 1 to 20 attempts/)
})
