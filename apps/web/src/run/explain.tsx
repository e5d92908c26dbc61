import type { RunView } from '@flotilla/domain'
import { Section } from '../parts/page.tsx'
import { explainRun } from './explain-run.ts'
import type { RunViewProps } from './run-page.tsx'
import { Link } from '@tanstack/react-router'

/** Why things are as they are, in words, from the record alone. */
export default function Explain({ live, now }: RunViewProps) {
  return (
    <div className="flex flex-col gap-3">
      {explainRun(live, now).map(({ question, answers }) => (
        <Section key={question} title={question}>
          <ul className="flex max-w-[90ch] flex-col gap-1 px-3 py-2">
            {answers.map(({ text, taskKey }) => (
              <li key={text} className="[overflow-wrap:anywhere]">
                {text} {taskKey !== undefined && <TaskLink run={live.run} taskKey={taskKey} />}
              </li>
            ))}
          </ul>
        </Section>
      ))}
      <p className="text-muted">
        Why a task got its agent, from which candidates, and what its judges said, stands on the page of the task.
      </p>
    </div>
  )
}

const TaskLink = ({ run, taskKey }: Readonly<{ run: RunView; taskKey: string }>) => (
  <Link to="/runs/$runId/tasks/$taskKey" params={{ runId: run.id, taskKey }} className="text-accent underline">
    {taskKey}
  </Link>
)
