import type { PlanInput } from '@flotilla/domain'
import { lazy, Suspense, useCallback, useDeferredValue, useMemo, useRef } from 'react'
import { plural } from '../format/quantities.ts'
import type { DrawnTask } from '../graph/task-graph.tsx'
import { lineOfTask, readDraft, type Draft } from './read-plan.ts'

const NONE: readonly string[] = []

const TaskGraph = lazy(() => import('../graph/task-graph.tsx'))

export type PlanEditorProps = Readonly<{
  text: string
  onChange: (text: string) => void
  /** Of the server, about the plan as it was sent last. */
  refused?: string | null
}>

/** A plan as text, with the same plan as a graph beside it while it is written; a task of the graph leads to its line. */
export function PlanEditor({ text, onChange, refused = null }: PlanEditorProps) {
  const shown = useDeferredValue(text)
  const draft = useMemo(() => readDraft(shown), [shown])
  const area = useRef<HTMLTextAreaElement>(null)
  const toLine = useCallback((key: string): void => {
    const line = lineOfTask(area.current?.value ?? '', key)
    if (line === null) return
    area.current?.focus()
    area.current?.setSelectionRange(line.from, line.to)
  }, [])
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-1">
        <textarea
          ref={area}
          aria-label="Plan as text"
          aria-describedby="plan-state"
          spellCheck={false}
          className="field h-80 resize-y font-mono text-small"
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
        <PlanState draft={draft} empty={shown.trim() === ''} refused={refused} />
      </div>
      <div className="h-80 min-w-0 rounded-md border border-line bg-ground">
        <PlanGraph plan={draft.plan} cycle={draft.cycle} onOpen={toLine} />
      </div>
    </div>
  )
}

type PlanGraphProps = Readonly<{
  plan: PlanInput
  cycle?: readonly string[]
  onOpen?: (key: string) => void
}>

export function PlanGraph({ plan, cycle = NONE, onOpen }: PlanGraphProps) {
  const tasks = useMemo<DrawnTask[]>(
    () =>
      plan.tasks.map((task) => ({
        key: task.key,
        role: task.role,
        dependsOn: task.dependsOn ?? [],
        title: task.title ?? task.key,
        note: `@${task.role}`,
        status: null,
      })),
    [plan],
  )
  if (tasks.length === 0)
    return <p className="p-4 text-center text-muted">The tasks are drawn here as you write them.</p>
  return (
    <Suspense fallback={null}>
      <TaskGraph tasks={tasks} cycle={cycle} onOpen={onOpen} label="Plan as a graph" className="h-full" />
    </Suspense>
  )
}

function PlanState({ draft, empty, refused }: Readonly<{ draft: Draft; empty: boolean; refused: string | null }>) {
  const { issues, plan } = draft
  return (
    <div id="plan-state" aria-live="polite" className="min-h-10">
      {empty && (
        <p className="text-muted">
          A line for each task: <code>Task 2: @writer - Sum it up (depends on Task 1)</code>, instructions indented
          beneath.
        </p>
      )}
      {!empty && issues.length === 0 && <p className="text-muted">{plural(plan.tasks.length, 'task')}, no mistakes.</p>}
      {!empty &&
        issues.slice(0, 5).map((issue) => (
          <p key={`${issue.path} ${issue.message}`} className="text-bad">
            {issue.message}
          </p>
        ))}
      {refused !== null && <p className="text-bad">{refused}</p>}
    </div>
  )
}
