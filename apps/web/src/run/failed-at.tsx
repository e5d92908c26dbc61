import type { ArtifactView, RunView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { ArtifactLink } from './artifact-link.tsx'
import { leftText, whyFailed } from './unaccepted.ts'

type FailedAtProps = Readonly<{ run: RunView; taskKey: string; message: string; files: readonly ArtifactView[] }>

/** At which task a run has failed, and where what that has written is to be found. */
export function FailedAt({ run, taskKey, message, files }: FailedAtProps) {
  const { data: task } = useQuery({
    queryKey: ['run', run.id, 'task', taskKey],
    queryFn: ({ signal }) => client.tasks.get(run.id, taskKey, { signal }),
  })
  const its = files.filter((file) => file.taskKey === taskKey)
  const left = task === undefined ? null : leftText(task, its.length)
  return (
    <div role="group" aria-label="Where it failed" className="panel border-bad px-3 py-2 [overflow-wrap:anywhere]">
      <p>
        The run failed at <TaskLink runId={run.id} taskKey={taskKey} text={task?.title ?? taskKey} />
        {whyFailed(task?.error?.message ?? message)}{' '}
        {run.result !== null && 'The result beneath is what other tasks came to.'}
      </p>
      {left !== null && (
        <p className="mt-1 flex flex-wrap gap-x-3">
          {left}
          {task?.output != null && <TaskLink runId={run.id} taskKey={taskKey} text="its output" />}
          {its.map(({ name }) => (
            <ArtifactLink key={name} runId={run.id} name={name} />
          ))}
        </p>
      )}
    </div>
  )
}

const TaskLink = ({ runId, taskKey, text }: Readonly<{ runId: string; taskKey: string; text: string }>) => (
  <Link to="/runs/$runId/tasks/$taskKey" params={{ runId, taskKey }} className="text-accent underline">
    {text}
  </Link>
)
