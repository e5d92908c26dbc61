import type { PlanInput } from '@flotilla/domain'
import { useId, useState } from 'react'
import { connect, disconnect } from './plan-edits.ts'
import { nameOf } from './plan-flaws.ts'

export type DependencyListProps = Readonly<{
  plan: PlanInput
  index: number
  edit: (change: (plan: PlanInput) => PlanInput) => void
}>

/** As many are listed at once; of more, those that are ticked or found. */
const SHOWN = 30

/** What a task comes after, as checkboxes: the way to make and take away arrows without a pointer. */
export function DependencyList({ plan, index, edit }: DependencyListProps) {
  const [wanted, setWanted] = useState('')
  const legend = useId()
  const after = new Set(plan.tasks[index]?.dependsOn ?? [])
  const others = plan.tasks.flatMap((task, at) => (at === index ? [] : [{ task, at }]))
  const many = others.length > SHOWN
  const found = others.filter(({ task }) => isFound(`${nameOf(task)} ${task.key} ${task.role}`, wanted))
  const shown = many
    ? [...found.filter(({ task }) => after.has(task.key)), ...rest(found, after)].slice(0, SHOWN)
    : found
  const unknown = [...after].filter((key) => !others.some(({ task }) => task.key === key))
  return (
    <fieldset className="min-w-0" aria-labelledby={legend}>
      <legend id={legend} className="mb-0.5 text-muted">
        Comes after
      </legend>
      {many && (
        <input
          aria-label="Find a task to come after"
          placeholder={`Find one of ${others.length} tasks`}
          className="control mb-1 w-full"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      {others.length === 0 && unknown.length === 0 && <p className="text-muted">There is no other task yet.</p>}
      <ul className="max-h-44 overflow-y-auto">
        {unknown.map((key) => (
          <Choice
            key={`?${key}`}
            name={key}
            note="not in the plan"
            wrong
            checked
            onChange={() => edit((now) => disconnect(now, key, index))}
          />
        ))}
        {shown.map(({ task, at }) => (
          <Choice
            key={at}
            name={nameOf(task)}
            note={`@${task.role}`}
            checked={after.has(task.key)}
            onChange={(on) => edit((now) => (on ? connect(now, at, index) : disconnect(now, task.key, index)))}
          />
        ))}
      </ul>
      {many && found.length > shown.length && (
        <p className="text-small text-muted">{found.length - shown.length} more: type a part of the name.</p>
      )}
    </fieldset>
  )
}

type Other = Readonly<{ task: PlanInput['tasks'][number]; at: number }>
const rest = (found: readonly Other[], after: ReadonlySet<string>): Other[] =>
  found.filter(({ task }) => !after.has(task.key))

const isFound = (name: string, wanted: string): boolean => name.toLowerCase().includes(wanted.trim().toLowerCase())

type ChoiceProps = Readonly<{
  name: string
  note: string
  checked: boolean
  wrong?: boolean
  onChange: (on: boolean) => void
}>

const Choice = ({ name, note, checked, wrong = false, onChange }: ChoiceProps) => (
  <li>
    <label className="flex min-h-6 items-center gap-2">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span className={`truncate ${wrong ? 'text-bad' : ''}`}>{name}</span>
      <span className={`shrink-0 text-small ${wrong ? 'text-bad' : 'text-muted'}`}>{note}</span>
    </label>
  </li>
)
