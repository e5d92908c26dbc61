import { TASK_STATUSES } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useState } from 'react'
import { count, duration, usd } from '../format/quantities.ts'
import { TaskStatusMark } from '../parts/status.tsx'
import { TASK_LOOKS } from '../state/tones.ts'
import type { RunViewProps } from './run-page.tsx'
import { workedMs, type TaskLine } from './task-lines.ts'
import { TableGap } from '../parts/table-gap.tsx'

const ROW_PX = 44
const scrollPlace = (): HTMLElement | null => document.querySelector('#content')

/** The graph's twin: every task with its state, what it waits for, and what it has taken. */
export default function TaskTable({ live, now }: RunViewProps) {
  const [status, setStatus] = useState('')
  const tasks = useMemo(
    () => (status === '' ? live.tasks : live.tasks.filter((task) => task.status === status)),
    [live.tasks, status],
  )
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: scrollPlace,
    estimateSize: () => ROW_PX,
    overscan: 15,
  })
  const rows = virtual.getVirtualItems()
  return (
    <div className="flex flex-col gap-2">
      <StatusFilter tasks={live.tasks} status={status} onChange={setStatus} />
      <div className="panel overflow-x-auto">
        <table className="w-full table-fixed border-collapse" aria-rowcount={tasks.length + 1}>
          <Head />
          <tbody>
            <TableGap columns={8} px={rows[0]?.start ?? 0} />
            {rows.map(({ index }) => {
              const task = tasks[index]
              return task === undefined ? null : (
                <TaskRow key={task.key} runId={live.run.id} task={task} now={now} index={index} />
              )
            })}
            <TableGap columns={8} px={virtual.getTotalSize() - (rows.at(-1)?.end ?? 0)} />
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
      <th scope="col" className="w-8 px-3 py-1.5 sm:w-36">
        <span className="max-sm:sr-only">State</span>
      </th>
      <th scope="col" className="px-2">
        Task
      </th>
      <th scope="col" className="w-44 px-2 max-lg:hidden">
        Depends on
      </th>
      <th scope="col" className="w-32 px-2 max-md:hidden">
        Agent
      </th>
      <th scope="col" className="w-16 px-2 text-end max-md:hidden">
        Score
      </th>
      <th scope="col" className="w-20 px-2 text-end max-md:hidden">
        Tokens
      </th>
      <th scope="col" className="w-20 px-2 text-end max-sm:hidden">
        Cost
      </th>
      <th scope="col" className="w-24 px-3 text-end">
        Time
      </th>
    </tr>
  </thead>
)

type TaskRowProps = Readonly<{ runId: string; task: TaskLine; now: number; index: number }>

const TaskRow = ({ runId, task, now, index }: TaskRowProps) => (
  <tr className="relative h-11 border-b border-line last:border-b-0 hover:bg-raised" aria-rowindex={index + 2}>
    <td className="px-3">
      <TaskStatusMark status={task.status} short />
    </td>
    <td className="px-2">
      <Link
        to="/runs/$runId/tasks/$taskKey"
        params={{ runId, taskKey: task.key }}
        className="block truncate after:absolute after:inset-0 after:content-['']"
      >
        {task.title}
      </Link>
      <span className="block truncate text-small text-muted">
        {task.reason ?? `@${task.role} · ${task.key}${task.begun > 1 ? ` · begun ${task.begun} times` : ''}`}
      </span>
    </td>
    <td className="truncate px-2 text-small text-muted max-lg:hidden">{task.dependsOn.join(', ')}</td>
    <td className="truncate px-2 max-md:hidden">{task.agent}</td>
    <td className="numeric px-2 text-end max-md:hidden">{task.score?.toFixed(2)}</td>
    <td className="numeric px-2 text-end max-md:hidden">{count(task.tokens)}</td>
    <td className="numeric px-2 text-end max-sm:hidden">{usd(task.costUsd)}</td>
    <td className="numeric px-3 text-end">{task.startedAt === null ? '' : duration(workedMs(task, now))}</td>
  </tr>
)
