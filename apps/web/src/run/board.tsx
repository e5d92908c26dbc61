import type { TaskStatus } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { duration, plural } from '../format/quantities.ts'
import { TaskStatusMark } from '../parts/status.tsx'
import { NoTasks } from './no-tasks.tsx'
import type { RunViewProps } from './run-page.tsx'
import { workedMs, type TaskLine } from './task-lines.ts'

const COLUMNS: readonly Readonly<{ title: string; of: readonly TaskStatus[] }>[] = [
  { title: 'Waiting', of: ['pending', 'ready'] },
  { title: 'In work', of: ['in_progress', 'revising', 'awaiting_approval'] },
  { title: 'Verifying', of: ['verifying'] },
  { title: 'Done', of: ['completed'] },
  { title: 'Not done', of: ['failed', 'skipped', 'cancelled'] },
]
/** Cards of a column; a thousand would help nobody. */
const SHOWN = 40

/** Tasks as cards, by what becomes of them. */
export default function Board({ live, now }: RunViewProps) {
  if (live.tasks.length === 0) return <NoTasks live={live} now={now} />
  return (
    <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
      {COLUMNS.map(({ title, of }) => {
        const tasks = live.tasks.filter(({ status }) => of.includes(status))
        return (
          <section key={title} aria-label={title} className="min-w-0">
            <h2 className="mb-1.5 flex justify-between font-semibold">
              {title}
              <span className="numeric font-normal text-muted">{tasks.length}</span>
            </h2>
            <ul className="flex flex-col gap-1.5">
              {tasks.slice(0, SHOWN).map((task) => (
                <Card key={task.key} runId={live.run.id} task={task} now={now} />
              ))}
            </ul>
            {tasks.length > SHOWN && (
              <p className="mt-1.5 text-small text-muted">
                and {plural(tasks.length - SHOWN, 'task')} more, under Tasks
              </p>
            )}
          </section>
        )
      })}
    </div>
  )
}

const Card = ({ runId, task, now }: Readonly<{ runId: string; task: TaskLine; now: number }>) => (
  <li className="panel relative px-2.5 py-1.5 hover:bg-raised">
    <Link
      to="/runs/$runId/tasks/$taskKey"
      params={{ runId, taskKey: task.key }}
      className="line-clamp-2 after:absolute after:inset-0 after:content-['']"
    >
      {task.title}
    </Link>
    <div className="flex flex-wrap justify-between gap-x-2 text-small text-muted">
      <TaskStatusMark status={task.status} />
      <span className="numeric">{task.startedAt === null ? `@${task.role}` : duration(workedMs(task, now))}</span>
    </div>
    {task.reason !== null && <p className="truncate text-small text-muted">{task.reason}</p>}
  </li>
)
