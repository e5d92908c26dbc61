import type { PlanInput } from '@flotilla/domain'
import { useMemo, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { nameOf, type PlanFlaw } from './plan-flaws.ts'

export type TaskOverviewProps = Readonly<{
  plan: PlanInput
  flaws: readonly PlanFlaw[]
  onPick: (index: number) => void
}>

const STEP = 100

/** The graph's twin: all tasks with what they come after, each to be picked. */
export function TaskOverview({ plan, flaws, onPick }: TaskOverviewProps) {
  const [shown, setShown] = useState(STEP)
  const names = useMemo(() => new Map(plan.tasks.map((task) => [task.key, nameOf(task)])), [plan])
  const wrong = new Set(flaws.flatMap(({ tasks }) => tasks))
  if (plan.tasks.length === 0)
    return (
      <p className="text-muted">
        Add the first task, or write the plan as text: a line for each,{' '}
        <code>Task 2: @writer - Sum it up (depends on Task 1)</code>, with what to do indented beneath.
      </p>
    )
  return (
    <div>
      <h3 data-heading tabIndex={-1} className="font-semibold">
        All tasks
      </h3>
      <ul className="flex flex-col">
        {plan.tasks.slice(0, shown).map((task, index) => (
          <li key={index} className="border-b border-line last:border-b-0">
            <button
              type="button"
              onClick={() => onPick(index)}
              className="block w-full rounded-control px-1.5 py-1 text-start hover:bg-raised"
            >
              <span className="flex gap-2">
                <span className="numeric w-5 shrink-0 text-end text-muted">{index + 1}</span>
                <span className={`min-w-0 flex-1 truncate ${wrong.has(index) ? 'text-bad' : ''}`}>{nameOf(task)}</span>
                <span className="shrink-0 text-muted">@{task.role}</span>
              </span>
              {(task.dependsOn ?? []).length > 0 && (
                <span className="block truncate ps-7 text-small text-muted">
                  after {(task.dependsOn ?? []).map((key) => names.get(key) ?? key).join(', ')}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      {plan.tasks.length > shown && (
        <Button className="mt-2" onClick={() => setShown(shown + STEP)}>
          Show more of {plan.tasks.length}
        </Button>
      )}
    </div>
  )
}
