import { TASK_STATUSES } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useState } from 'react'
import { count, duration, percent, usd } from '../format/quantities.ts'
import { TaskStatusMark } from '../parts/status.tsx'
import { TASK_LOOKS } from '../state/tones.ts'
import { useNarrow } from '../state/room.ts'
import { NoTasks } from './no-tasks.tsx'
import type { RunViewProps } from './run-page.tsx'
import { workedMs, type TaskLine } from './task-lines.ts'
import { TableGap } from '../parts/table-gap.tsx'

const ROW_PX = 44
/** Before it is measured: a title, and two lines of facts. */
const NARROW_ROW_PX = 72
const scrollPlace = (): HTMLElement | null => document.querySelector('#content')

/** The graph's twin: every task with its state, what it waits for, and what it has taken. */
export default function TaskTable({ live, now }: RunViewProps) {
  const [status, setStatus] = useState('')
  const tasks = useMemo(
    () => (status === '' ? live.tasks : live.tasks.filter((task) => task.status === status)),
    [live.tasks, status],
  )
  const narrow = useNarrow('lg')
  const columns = narrow ? 1 : 8
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: scrollPlace,
    estimateSize: () => (narrow ? NARROW_ROW_PX : ROW_PX),
    overscan: 15,
    getItemKey: (i) => tasks[i]?.key ?? i,
  })
  useEffect(() => virtual.measure(), [virtual, narrow])
  const rows = virtual.getVirtualItems()
  if (live.tasks.length === 0) return <NoTasks live={live} now={now} />
  return (
    <div className="flex flex-col gap-2">
      <StatusFilter tasks={live.tasks} status={status} onChange={setStatus} />
      <div className="panel overflow-x-auto">
        <table className="w-full table-fixed border-collapse" aria-rowcount={tasks.length + 1}>
          {narrow ? <NarrowHead /> : <Head />}
          <tbody>
            <TableGap columns={columns} px={rows[0]?.start ?? 0} />
            {rows.map(({ index }) => {
              const task = tasks[index]
              return task === undefined ? null : (
                <tr
                  key={task.key}
                  ref={virtual.measureElement}
                  data-index={index}
                  aria-rowindex={index + 2}
                  className="relative h-11 border-b border-line last:border-b-0 hover:bg-raised"
                >
                  {narrow ? (
                    <NarrowCell runId={live.run.id} task={task} now={now} />
                  ) : (
                    <WideCells runId={live.run.id} task={task} now={now} />
                  )}
                </tr>
              )
            })}
            <TableGap columns={columns} px={virtual.getTotalSize() - (rows.at(-1)?.end ?? 0)} />
          </tbody>
        </table>
      </div>
    </div>
  )
}

type StatusFilterProps = Readonly<{ tasks: readonly TaskLine[]; status: string; onChange: (status: string) => void }>

const StatusFilter = ({ tasks, status, onChange }: StatusFilterProps) => (
  <select
    aria-label="State of the tasks"
    className="control w-fit"
    value={status}
    onChange={(event) => onChange(event.target.value)}
  >
    <option value="">All {tasks.length} tasks</option>
    {TASK_STATUSES.map((one) => ({ one, n: tasks.filter((task) => task.status === one).length }))
      .filter(({ n }) => n > 0)
      .map(({ one, n }) => (
        <option key={one} value={one}>
          {TASK_LOOKS[one].label} ({n})
        </option>
      ))}
  </select>
)

const Head = () => (
  <thead className="border-b border-line text-small text-muted">
    <tr>
      <th scope="col" className="w-36 px-3 py-1.5">
        State
      </th>
      <th scope="col" className="px-2">
        Task
      </th>
      <th scope="col" className="w-44 px-2">
        Depends on
      </th>
      <th scope="col" className="w-32 px-2">
        Agent
      </th>
      <th scope="col" className="w-16 px-2 text-end">
        Score
      </th>
      <th scope="col" className="w-20 px-2 text-end">
        Tokens
      </th>
      <th scope="col" className="w-20 px-2 text-end">
        Cost
      </th>
      <th scope="col" className="w-24 px-3 text-end">
        Time
      </th>
    </tr>
  </thead>
)

const NarrowHead = () => (
  <thead className="sr-only">
    <tr>
      <th scope="col">Task</th>
    </tr>
  </thead>
)

type CellsProps = Readonly<{ runId: string; task: TaskLine; now: number }>

const WideCells = ({ runId, task, now }: CellsProps) => (
  <>
    <td className="px-3">
      <TaskStatusMark status={task.status} />
    </td>
    <td className="px-2">
      <TitleLink runId={runId} task={task} className="block truncate" />
      <span className="block truncate text-small text-muted">{noteOf(task)}</span>
    </td>
    <td className="truncate px-2 text-small text-muted">{task.dependsOn.join(', ')}</td>
    <td className="truncate px-2">{task.agent}</td>
    <td className="numeric px-2 text-end">{task.score !== null && percent(task.score)}</td>
    <td className="numeric px-2 text-end">{count(task.tokens)}</td>
    <td className="numeric px-2 text-end">{usd(task.costUsd)}</td>
    <td className="numeric px-3 text-end">{task.startedAt === null ? '' : duration(workedMs(task, now))}</td>
  </>
)

/** All facts beneath the title, where there is no room for columns. */
const NarrowCell = ({ runId, task, now }: CellsProps) => (
  <td className="px-3 py-2">
    <TitleLink runId={runId} task={task} className="line-clamp-2" />
    <span className="block text-small text-muted [overflow-wrap:anywhere]">{noteOf(task)}</span>
    <span className="flex flex-wrap gap-x-3 text-small text-muted">
      <TaskStatusMark status={task.status} />
      {task.agent !== null && <span>{task.agent}</span>}
      {task.score !== null && <span className="numeric">score {percent(task.score)}</span>}
      <span className="numeric">{count(task.tokens)} tokens</span>
      <span className="numeric">{usd(task.costUsd)}</span>
      {task.startedAt !== null && <span className="numeric">{duration(workedMs(task, now))}</span>}
      {task.dependsOn.length > 0 && (
        <span className="line-clamp-3 [overflow-wrap:anywhere]">after {task.dependsOn.join(', ')}</span>
      )}
    </span>
  </td>
)

const noteOf = (task: TaskLine): string =>
  task.reason ?? `@${task.role} · ${task.key}${task.begun > 1 ? ` · begun ${task.begun} times` : ''}`

type TitleLinkProps = Readonly<{ runId: string; task: TaskLine; className: string }>

/** It covers the row, so that a click anywhere opens the task. */
const TitleLink = ({ runId, task, className }: TitleLinkProps) => (
  <Link
    to="/runs/$runId/tasks/$taskKey"
    params={{ runId, taskKey: task.key }}
    className={`after:absolute after:inset-0 after:content-[''] ${className}`}
  >
    {task.title}
  </Link>
)
