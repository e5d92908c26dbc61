import { isTerminalTask, type TaskView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { useSources } from '../documents/sources.ts'
import { duration, plural, tokens, usd } from '../format/quantities.ts'
import { elapsedMs } from '../format/times.ts'
import { Loading, Problem } from '../parts/notice.tsx'
import { Page, Section } from '../parts/page.tsx'
import { Prose } from '../parts/markdown.tsx'
import { TaskStatusMark } from '../parts/status.tsx'
import { useFeed } from '../run/feed.ts'
import { isSettledTask } from '../run/settled.ts'
import { useNow } from '../state/clock.ts'
import { useNarrow } from '../state/room.ts'
import { Attempts } from './attempts.tsx'
import { ContextRecord } from './context-record.tsx'
import { Conversation } from './conversation.tsx'
import { explainTask } from './explain-task.ts'
import { TaskBudget } from './task-budget.tsx'
import { SelectionRecord } from './selection-record.tsx'
import { Verdicts } from './verdicts.tsx'
import { LiveWords } from './live-words.tsx'
import { waitsText } from './waits-text.ts'

const route = getRouteApi('/runs/$runId/tasks/$taskKey')
const LOOK_EVERY_MS = 1_500

/** A task with everything that happened to it. */
export default function TaskPage() {
  const { runId, taskKey } = route.useParams()
  const sources = useSources(runId)
  const narrow = useNarrow('lg')
  const { data: task, error } = useQuery({
    queryKey: ['run', runId, 'task', taskKey],
    queryFn: ({ signal }) => client.tasks.get(runId, taskKey, { signal }),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && isTerminalTask(data.status) && isSettledTask(data, Date.now()) ? false : LOOK_EVERY_MS,
  })
  if (task === undefined)
    return (
      <Page title={taskKey} lead={<RunLink runId={runId} />}>
        {error === null ? <Loading what="the task" /> : <Problem error={error} what="The task cannot be shown." />}
      </Page>
    )
  return (
    <Page title={task.title} lead={<TaskHeader task={task} />}>
      {narrow ? <NarrowParts task={task} sources={sources} /> : <WideParts task={task} sources={sources} />}
    </Page>
  )
}

type PartsProps = Readonly<{ task: TaskView; sources: ReturnType<typeof useSources> }>

const WideParts = ({ task, sources }: PartsProps) => (
  <div className="grid grid-cols-[minmax(0,3fr)_minmax(0,2fr)] items-start gap-3">
    <div className="flex min-w-0 flex-col gap-3">
      <Output task={task} sources={sources} />
      <Live task={task} />
      <Conversation task={task} sources={sources} />
    </div>
    <div className="flex min-w-0 flex-col gap-3">
      <InShort task={task} />
      <TaskBudget budget={task.budget} />
      <Verdicts task={task} />
      <SelectionRecord task={task} />
      <Attempts task={task} />
      <ContextRecord context={task.context} />
    </div>
  </div>
)

/** One beneath the other: first what it comes to, with links to the rest, last what is longest. */
function NarrowParts({ task, sources }: PartsProps) {
  const parts = [
    ...(task.output === null ? [] : [{ title: 'Output', part: <Output task={task} sources={sources} /> }]),
    { title: 'Budget', part: <TaskBudget budget={task.budget} /> },
    { title: 'Verdicts', part: <Verdicts task={task} /> },
    { title: 'Why this agent', part: <SelectionRecord task={task} /> },
    { title: 'Attempts', part: <Attempts task={task} /> },
    { title: 'Context', part: <ContextRecord context={task.context} /> },
    {
      title: 'Conversation',
      part: <Conversation task={task} sources={sources} />,
    },
  ].map((one) => ({ ...one, id: one.title.toLowerCase().replaceAll(' ', '-') }))
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <InShort task={task} />
      <nav aria-label="On this page" className="flex flex-wrap gap-x-4">
        {parts.map(({ id, title }) => (
          <a key={id} href={`#${id}`} className="py-1 text-accent underline pointer-coarse:py-2">
            {title}
          </a>
        ))}
      </nav>
      <Live task={task} />
      {parts.map(({ id, part }) => (
        <div key={id} id={id} className="scroll-mt-2">
          {part}
        </div>
      ))}
    </div>
  )
}

const Output = ({ task, sources }: PartsProps) =>
  task.output === null ? null : (
    <Section title="Output">
      <div className="px-3 py-2">
        <Prose text={task.output.text} sources={sources} />
      </div>
    </Section>
  )

const Live = ({ task: { runId, key, status } }: Readonly<{ task: TaskView }>) =>
  isTerminalTask(status) ? null : <LiveWords key={`${runId} ${key}`} runId={runId} taskKey={key} />

function InShort({ task }: Readonly<{ task: TaskView }>) {
  const { fold } = useFeed(task.runId)
  const waits = waitsText(fold, task.key)
  const sentences = waits === null ? explainTask(task) : [...explainTask(task), waits]
  if (sentences.length === 0) return null
  return (
    <Section title="In short">
      <ul className="flex flex-col gap-1 px-3 py-2">
        {sentences.map((sentence) => (
          <li key={sentence} className="[overflow-wrap:anywhere]">
            {sentence}
          </li>
        ))}
      </ul>
    </Section>
  )
}

const RunLink = ({ runId }: Readonly<{ runId: string }>) => (
  <Link to="/runs/$runId" params={{ runId }} className="text-accent underline">
    Back to the run
  </Link>
)

function TaskHeader({ task }: Readonly<{ task: TaskView }>) {
  const now = useNow(isTerminalTask(task.status) ? null : 1_000)
  const lasted = elapsedMs(task.startedAt, task.finishedAt, now)
  const { usage } = task
  return (
    <div className="flex flex-col gap-1">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-muted">
        <TaskStatusMark status={task.status} />
        <RunLink runId={task.runId} />
        <code>{task.key}</code>
        <span>@{task.role}</span>
        {task.agent !== null && <span>{task.agent.name}</span>}
        {task.model !== null && <span>{(task.models ?? [task.model]).join(', ')}</span>}
        {lasted !== null && <span className="numeric">{duration(lasted)}</span>}
        <span className="numeric">{tokens(usage.inputTokens + usage.outputTokens)}</span>
        <span className="numeric">{usd(usage.costUsd)}</span>
        <span>{plural(usage.toolCalls, 'tool call')}</span>
      </div>
      {task.wait !== undefined && <p className="text-warn">It waits: {task.wait.why ?? 'for its lane'}.</p>}
      {task.error !== null && <p className="text-bad [overflow-wrap:anywhere]">{task.error.message}</p>}
      {task.dependsOn.length > 0 && (
        <p className="flex flex-wrap gap-x-3 text-muted">
          After
          {task.dependsOn.map((key) => (
            <Link
              key={key}
              to="/runs/$runId/tasks/$taskKey"
              params={{ runId: task.runId, taskKey: key }}
              className="text-accent underline"
            >
              {key}
            </Link>
          ))}
        </p>
      )}
    </div>
  )
}
