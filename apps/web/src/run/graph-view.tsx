import { isTerminalRun } from '@flotilla/domain'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { duration, percent, plural } from '../format/quantities.ts'
import { criticalPath } from '../graph/critical-path.ts'
import TaskGraph, { type DrawnTask } from '../graph/task-graph.tsx'
import { NoTasks } from './no-tasks.tsx'
import type { RunViewProps } from './run-page.tsx'
import { attemptMs, type TaskLine } from './task-lines.ts'

/** More of them get a higher place on a narrow screen. */
const FEW = 10

/** The tasks as they depend on each other; the chain that decides the duration is drawn in the accent. */
export default function GraphView({ live, now }: RunViewProps) {
  const navigate = useNavigate()
  const { run, tasks } = live
  const drawn = useMemo(() => tasks.map(drawnTask), [tasks])
  const path = useCriticalPath(tasks, isTerminalRun(run.status), now)
  const open = useCallback(
    (taskKey: string) => void navigate({ to: '/runs/$runId/tasks/$taskKey', params: { runId: run.id, taskKey } }),
    [navigate, run.id],
  )
  if (tasks.length === 0) return <NoTasks live={live} now={now} />
  return (
    <div className="flex flex-col gap-2">
      <TaskGraph
        tasks={drawn}
        critical={path.keys}
        label="Task graph; the view Tasks has the same as a table"
        className={`panel bg-ground ${tasks.length > FEW ? 'h-[max(24rem,70svh)]' : 'h-96'} sm:h-[max(340px,calc(100vh-330px))]`}
        onOpen={open}
      />
      <p className="text-small text-muted">
        Critical path: {plural(path.keys.length, 'task')}, {duration(path.ms)} of work.{' '}
        {!isTerminalRun(run.status) && 'The run ends sooner only if one of these does.'}
        {run.status === 'completed' && 'The run would have ended sooner only if one of these had.'}
      </p>
    </div>
  )
}

const drawnTask = (task: TaskLine): DrawnTask => ({
  key: task.key,
  role: task.role,
  dependsOn: task.dependsOn,
  title: task.title,
  note: noteOf(task),
  status: task.status,
})

function noteOf(task: TaskLine): string {
  const took = task.finishedAt !== null && task.startedAt !== null ? duration(task.finishedAt - task.startedAt) : null
  return [`@${task.role}`, took, task.score === null ? null : percent(task.score)]
    .filter((part) => part !== null)
    .join(' · ')
}

type CriticalPath = Readonly<{ keys: readonly string[]; ms: number }>

/**
 * What has not begun counts, for which path it is, as long as the others took on the average, unless the run is over: so it is
 * one from the start. Its time is that of attempts alone.
 */
function useCriticalPath(tasks: readonly TaskLine[], over: boolean, now: number): CriticalPath {
  return useMemo(() => {
    const ran = new Map(tasks.map((task) => [task.key, attemptMs(task, now)]))
    const begun = tasks.filter(({ startedAt }) => startedAt !== null)
    const usual = begun.reduce((sum, { key }) => sum + (ran.get(key) ?? 0), 0) / Math.max(1, begun.length) || 1
    const keys = criticalPath(
      tasks.map(({ key, dependsOn, startedAt }) => ({
        key,
        dependsOn,
        ms: startedAt === null && !over ? usual : (ran.get(key) ?? 0),
      })),
    )
    return { keys, ms: keys.reduce((sum, key) => sum + (ran.get(key) ?? 0), 0) }
  }, [tasks, over, now])
}
