import { formatPlanText, type PlanInput, type PlanTaskInput } from '@flotilla/domain'
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { duration, plural, tokens, usd } from '../format/quantities.ts'
import type { DrawnTask } from '../graph/task-graph.tsx'
import { Button } from '../parts/button.tsx'
import { part } from '../shell/part.ts'
import { criterionText } from './criterion-text.ts'
import { nameOf } from './plan-flaws.ts'

const TaskGraph = lazy(part(() => import('../graph/task-graph.tsx')))

/** A plan to be read: its graph, and its tasks, whose words are folded away until they are asked for. */
export function PlanReading({ plan }: Readonly<{ plan: PlanInput }>) {
  const [shown, setShown] = useState(STEP)
  const list = useRef<HTMLDivElement>(null)
  const open = useCallback(
    (key: string): void => {
      const index = plan.tasks.findIndex((task) => task.key === key)
      flushSync(() => setShown((before) => Math.max(before, index + 1)))
      const task = list.current?.querySelectorAll('details')[index]
      if (task === undefined) return
      task.open = true
      task.scrollIntoView({ block: 'nearest' })
    },
    [plan],
  )
  return (
    <div className="grid items-start gap-3 lg:grid-cols-[3fr_2fr]">
      <div className="h-96 rounded-md border border-line bg-ground lg:sticky lg:top-3">
        <ReadGraph plan={plan} onOpen={open} />
      </div>
      <div ref={list} className="min-w-0">
        <TaskList plan={plan} shown={shown} />
        {plan.tasks.length > shown && (
          <Button className="mt-2" onClick={() => setShown(shown + STEP)}>
            Show more of {plan.tasks.length} tasks
          </Button>
        )}
        <AsText plan={plan} />
      </div>
    </div>
  )
}

const STEP = 100

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

function TaskList({ plan, shown }: Readonly<{ plan: PlanInput; shown: number }>) {
  const names = useMemo(() => new Map(plan.tasks.map((task) => [task.key, nameOf(task)])), [plan])
  return (
    <ul className="border-t border-line">
      {plan.tasks.slice(0, shown).map((task, index) => (
        <li key={task.key} className="border-b border-line">
          <PlannedTask task={task} number={index + 1} names={names} />
        </li>
      ))}
    </ul>
  )
}

const AsText = ({ plan }: Readonly<{ plan: PlanInput }>) => (
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
)

type PlannedTaskProps = Readonly<{
  task: PlanTaskInput
  number: number
  names: ReadonlyMap<string, string>
}>

function PlannedTask({ task, number, names }: PlannedTaskProps) {
  const after = (task.dependsOn ?? []).map((key) => names.get(key) ?? key)
  return (
    <details className="group">
      <summary className="flex gap-2 px-1.5 py-1.5 hover:bg-raised">
        <span aria-hidden="true" className="w-2 shrink-0 text-muted group-open:rotate-90">
          ›
        </span>
        <span className="numeric w-5 shrink-0 text-end text-muted">{number}</span>
        <span className="min-w-0 flex-1">
          <span className="[overflow-wrap:anywhere]">{nameOf(task)}</span>
          {after.length > 0 && <span className="block truncate text-small text-muted">after {after.join(', ')}</span>}
        </span>
        <span className="shrink-0 text-muted">
          {task.optional === true && 'optional · '}@{task.role}
        </span>
      </summary>
      <div className="flex flex-col gap-1.5 ps-12.5 pe-1.5 pb-2">
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
