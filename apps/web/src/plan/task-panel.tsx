import type { PlanInput, PlanTaskInput } from '@flotilla/domain'
import { useEffect, useId, useRef } from 'react'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { DependencyList } from './dependency-list.tsx'
import { changeTask, setResult } from './plan-edits.ts'
import { ParsedField } from './plan-fields.tsx'
import type { PlanFlaw } from './plan-flaws.ts'
import { TaskLimits } from './task-limits.tsx'
import type { PlanEdits } from './use-plan-edits.ts'

export type TaskPanelProps = Readonly<{
  plan: PlanInput
  index: number
  flaws: readonly PlanFlaw[]
  roles: readonly string[]
  edit: PlanEdits['edit']
  /** A task that has just been made is named first. */
  fresh: boolean
  onClose: () => void
}>

/** All that a plan says of one task. */
export function TaskPanel({ plan, index, flaws, roles, edit, fresh, onClose }: TaskPanelProps) {
  const task = plan.tasks[index]
  if (task === undefined) return null
  const set: SetTask = (change, what) => edit((now) => changeTask(now, index, change), `${index}/${what}`)
  const problemOf = (field: string): string | undefined =>
    flaws.find((flaw) => flaw.field === field && flaw.tasks.includes(index))?.message
  return (
    <div className="flex flex-col gap-2.5">
      <div className="flex items-center justify-between gap-2">
        <h3 data-heading tabIndex={-1} className="font-semibold">
          Task {index + 1}
        </h3>
        <Button onClick={onClose}>All tasks</Button>
      </div>
      <TaskWords {...{ task, roles, fresh, problemOf, set }} />
      <DependencyList key={index} plan={plan} index={index} edit={edit} />
      <Problem message={problemOf('dependsOn')} />
      <div className="flex flex-wrap gap-x-4">
        <Tick
          label="Optional: the run goes on without it"
          checked={task.optional === true}
          onChange={(optional) => set({ optional }, 'optional')}
        />
        <Tick
          label="Its output is the run’s result"
          checked={plan.result === task.key}
          onChange={(on) => edit((now) => setResult(now, on ? task.key : null))}
        />
      </div>
      <TaskLimits key={`limits ${index}`} task={task} problemOf={problemOf} set={set} />
    </div>
  )
}

type SetTask = (change: Partial<PlanTaskInput>, what: string) => void
type TaskWordsProps = Pick<TaskPanelProps, 'roles' | 'fresh'> &
  Readonly<{ task: PlanTaskInput; problemOf: (field: string) => string | undefined; set: SetTask }>

function TaskWords({ task, roles, fresh, problemOf, set }: TaskWordsProps) {
  const title = useRef<HTMLInputElement>(null)
  const known = useId()
  useEffect(() => {
    if (fresh) title.current?.focus()
  }, [fresh])
  return (
    <>
      <Field label="Title" problem={problemOf('title')}>
        {(field) => (
          <input
            {...field}
            ref={title}
            className="control w-full"
            placeholder={task.key}
            value={task.title ?? ''}
            onChange={(event) => set({ title: event.target.value }, 'title')}
          />
        )}
      </Field>
      <ParsedField
        label="Role"
        value={task.role}
        problem={problemOf('role')}
        show={(role) => role}
        read={(text) => ({ meant: text.trim() })}
        wanted="a role"
        list={known}
        onChange={(role) => set({ role }, 'role')}
      />
      <datalist id={known}>
        {roles.map((role) => (
          <option key={role} value={role} />
        ))}
      </datalist>
      <Field label="What to do" problem={problemOf('instructions')}>
        {(field) => (
          <textarea
            {...field}
            rows={5}
            className="field resize-y"
            value={task.instructions ?? ''}
            onChange={(event) => set({ instructions: event.target.value }, 'instructions')}
          />
        )}
      </Field>
    </>
  )
}

const Problem = ({ message }: Readonly<{ message: string | undefined }>) =>
  message === undefined ? null : <p className="text-small text-bad">{message}</p>

type TickProps = Readonly<{ label: string; checked: boolean; onChange: (on: boolean) => void }>
const Tick = ({ label, checked, onChange }: TickProps) => (
  <label className="flex min-h-6 items-center gap-2">
    <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
    {label}
  </label>
)
