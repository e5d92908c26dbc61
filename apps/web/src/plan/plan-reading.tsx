import { formatPlanText, type PlanInput, type PlanTaskInput } from '@flotilla/domain'
import { lazy, Suspense, useMemo, useState } from 'react'
import { duration, plural, tokens, usd } from '../format/quantities.ts'
import type { DrawnTask } from '../graph/task-graph.tsx'
import { Button } from '../parts/button.tsx'
import { criterionText } from './criterion-text.ts'
import { nameOf } from './plan-flaws.ts'

const TaskGraph = lazy(() => import('../graph/task-graph.tsx'))

/** A plan to be read: its graph, and its tasks, whose words are folded away until they are asked for. */
export function PlanReading({ plan }: Readonly<{ plan: PlanInput }>) {
  const [opened, setOpened] = useState<string | null>(null)
  const open = (key: string): void => {
    setOpened(key)
    document.getElementById(idOf(key))?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <div className="grid items-start gap-3 lg:grid-cols-2">
      <div className="h-80 rounded-md border border-line bg-ground lg:sticky lg:top-3 lg:h-[28rem]">
        <ReadGraph plan={plan} onOpen={open} />
      </div>
      <TaskList plan={plan} opened={opened} />
    </div>
  )
}

const idOf = (key: string): string => `plan-task-${key}`

function ReadGraph({ plan, onOpen }: Readonly<{ plan: PlanInput; onOpen: (key: string) => void }>) {
  const tasks = useMemo<DrawnTask[]>(
    () =>
      plan.tasks.map((task) => ({
        key: task.key,
        role: task.role,
        dependsOn: task.dependsOn ?? [],
        title: nameOf(task),
        note: `@${task.role}`,
        status: null,
      })),
    [plan],
  )
  return (
    <Suspense fallback={null}>
      <TaskGraph tasks={tasks} onOpen={onOpen} label="Plan as a graph" className="h-full" />
    </Suspense>
  )
}

const STEP = 100

function TaskList({ plan, opened }: Readonly<{ plan: PlanInput; opened: string | null }>) {
  const [shown, setShown] = useState(STEP)
  const names = useMemo(() => new Map(plan.tasks.map((task) => [task.key, nameOf(task)])), [plan])
  const last = Math.max(shown, plan.tasks.findIndex(({ key }) => key === opened) + 1)
  return (
    <div className="min-w-0">
      <ul className="border-t border-line">
        {plan.tasks.slice(0, last).map((task, index) => (
          <li key={task.key} id={idOf(task.key)} className="border-b border-line">
            <PlannedTask task={task} number={index + 1} names={names} open={task.key === opened} />
          </li>
        ))}
      </ul>
      {plan.tasks.length > last && (
        <Button className="mt-2" onClick={() => setShown(last + STEP)}>
          Show more of {plan.tasks.length} tasks
        </Button>
      )}
      <details className="mt-3">
        <summary className="text-muted">The plan as text, to be copied</summary>
        <pre
          tabIndex={0}
          aria-label="Plan as text"
          className="mt-2 max-h-[60vh] overflow-auto rounded-control bg-raised p-3 whitespace-pre-wrap"
        >
          {formatPlanText(plan)}
        </pre>
      </details>
    </div>
  )
}

type PlannedTaskProps = Readonly<{
  task: PlanTaskInput
  number: number
  names: ReadonlyMap<string, string>
  open: boolean
}>

function PlannedTask({ task, number, names, open }: PlannedTaskProps) {
  const after = (task.dependsOn ?? []).map((key) => names.get(key) ?? key)
  return (
    <details open={open || undefined}>
      <summary className="flex gap-2 px-1.5 py-1.5 hover:bg-raised">
        <span className="numeric w-6 shrink-0 text-end text-muted">{number}</span>
        <span className="min-w-0 flex-1">
          <span className="[overflow-wrap:anywhere]">{nameOf(task)}</span>
          {after.length > 0 && <span className="block truncate text-small text-muted">after {after.join(', ')}</span>}
        </span>
        <span className="shrink-0 text-muted">
          {task.optional === true && 'optional · '}@{task.role}
        </span>
      </summary>
      <div className="flex flex-col gap-1.5 ps-10 pe-1.5 pb-2">
        <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">
          {task.instructions === undefined || task.instructions === '' ? 'No more than its title.' : task.instructions}
        </p>
        {(task.verify ?? []).length > 0 && (
          <ul className="list-disc ps-5 text-muted [overflow-wrap:anywhere]">
            {(task.verify ?? []).map((criterion) => (
              <li key={JSON.stringify(criterion)}>{criterionText(criterion)}</li>
            ))}
          </ul>
        )}
        <p className="text-small text-muted">{factsOf(task).join(' · ')}</p>
      </div>
    </details>
  )
}

function factsOf({ key, type, tools, budget, timeoutSeconds, maxAttempts }: PlanTaskInput): string[] {
  return [
    key,
    type ?? '',
    tools === undefined ? '' : tools.length === 0 ? 'no tools' : `tools: ${tools.join(', ')}`,
    maxAttempts === undefined ? '' : plural(maxAttempts, 'attempt'),
    timeoutSeconds === undefined ? '' : `${duration(timeoutSeconds * 1_000)} each`,
    budget?.tokens === undefined ? '' : `at most ${tokens(budget.tokens)}`,
    budget?.costUsd === undefined ? '' : `at most ${usd(budget.costUsd)}`,
  ].filter((fact) => fact !== '')
}
