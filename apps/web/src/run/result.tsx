import { isTerminalRun, type ArtifactView, type RunView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { PassageLink } from '../documents/passage-link.tsx'
import { linesText } from '../documents/passage.ts'
import { useSources } from '../documents/sources.ts'
import { qualityText } from '../format/quality.ts'
import { bytes, percent } from '../format/quantities.ts'
import { buttonClass } from '../parts/button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Empty, Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { Prose } from '../parts/markdown.tsx'
import { ArtifactLink } from './artifact-link.tsx'
import { FailedAt } from './failed-at.tsx'
import type { RunViewProps } from './run-page.tsx'
import type { TaskLine } from './task-lines.ts'
import { unacceptedText } from './unaccepted.ts'

/** What the run has produced: its answer, its deliverables and the report. */
export default function Result({ live: { run, tasks } }: RunViewProps) {
  const over = isTerminalRun(run.status)
  const artifacts = useQuery({
    queryKey: ['run', run.id, 'artifacts'],
    queryFn: ({ signal }) => client.artifacts.list(run.id, { signal }),
  })
  const files = artifacts.data?.items ?? []
  return (
    <div className="flex flex-col gap-3">
      {run.status === 'failed' && run.error?.taskKey !== undefined && (
        <FailedAt run={run} taskKey={run.error.taskKey} message={run.error.message} files={files} />
      )}
      {run.result === null && (
        <Empty title={over ? 'It ended without a result.' : 'There is no result yet.'}>
          {whereInstead(run)} {run.status === 'cancelled' && <WhatThereIs run={run} />}
        </Empty>
      )}
      {run.result !== null && <Answer run={run} result={run.result} />}
      {artifacts.error !== null && <Problem error={artifacts.error} what="The deliverables could not be read." />}
      {files.length > 0 && <Deliverables runId={run.id} files={files} tasks={tasks} />}
      {over && artifacts.data !== undefined && files.length === 0 && (
        <p className="px-1 text-muted">It left no deliverables.</p>
      )}
      {over && run.status !== 'cancelled' && <Report runId={run.id} />}
    </div>
  )
}

/** Of a cancelled run: its tasks, or else its plan; nothing where it has neither. */
function WhatThereIs({ run: { id, progress, planVersion } }: Readonly<{ run: RunView }>) {
  const view = progress.total > 0 ? 'tasks' : planVersion > 0 ? 'plan' : null
  return view === null ? null : (
    <Link to="/runs/$runId" params={{ runId: id }} search={{ view }} className="text-accent underline">
      Show the {view}
    </Link>
  )
}

/** Where what was done stands, of a run without a result. */
function whereInstead({ status, progress }: RunView): string {
  if (status === 'cancelled' && progress.total === 0)
    return 'It was cancelled before it had tasks, so there is no report.'
  if (status === 'cancelled') return 'It was cancelled, so there is no report. What was done stands with each task.'
  return isTerminalRun(status)
    ? 'What was done is in the report, and with each task.'
    : 'It stands here once all tasks are done.'
}

function Answer({ run, result }: Readonly<{ run: RunView; result: NonNullable<RunView['result']> }>) {
  const outputs = Object.entries(result.outputs ?? {})
  const sources = useSources(run.id)
  return (
    <Section
      title="Result"
      aside={
        run.quality !== null && (
          <span className="text-small text-muted">
            quality {qualityText(run.quality)}
            {Object.entries(run.quality.parts).map(([part, score]) => ` · ${part} ${percent(score)}`)}
          </span>
        )
      }
    >
      <div className="px-3 py-2">
        {outputs.length === 0 && <Prose text={result.text} sources={sources} />}
        {outputs.map(([key, text]) => (
          <div key={key}>
            <h3 className="mt-2 font-semibold">{key}</h3>
            <Prose text={text} sources={sources} />
          </div>
        ))}
      </div>
      {result.citations.length > 0 && (
        <details className="border-t border-line px-3 py-2">
          <summary>{result.citations.length} citations, each checked against its document</summary>
          <ul className="mt-2 flex flex-col gap-1">
            {result.citations.map((citation) => (
              <li key={`${citation.marker} ${citation.start}`}>
                <PassageLink
                  runId={run.id}
                  document={citation.document}
                  lines={linesText(citation.startLine, citation.endLine)}
                  quote={`${citation.start}-${citation.end}`}
                >
                  <code>{citation.marker}</code>
                </PassageLink>{' '}
                <q className="text-muted">{citation.quote}</q>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  )
}

type DeliverablesProps = Readonly<{ runId: string; files: readonly ArtifactView[]; tasks: readonly TaskLine[] }>

const Deliverables = ({ runId, files, tasks }: DeliverablesProps) => (
  <Section title="Deliverables">
    <DataTable
      label="Deliverables"
      rows={files}
      keyOf={({ name }) => name}
      columns={[
        {
          title: 'Name',
          cell: ({ name, taskKey }) => (
            <>
              <ArtifactLink runId={runId} name={name} />
              <span className="block text-small text-warn">
                {unacceptedText(tasks.find(({ key }) => key === taskKey)?.status)}
              </span>
            </>
          ),
        },
        { title: 'Type', cell: ({ mediaType }) => mediaType, wide: true },
        { title: 'Task', cell: ({ taskKey }) => taskKey, wide: true },
        { title: 'Size', number: true, cell: ({ sizeBytes }) => bytes(sizeBytes) },
      ]}
    />
  </Section>
)

function Report({ runId }: Readonly<{ runId: string }>) {
  const sources = useSources(runId)
  const { data, error } = useQuery({
    queryKey: ['run', runId, 'report'],
    queryFn: ({ signal }) => client.runs.report(runId, { signal }),
    staleTime: Infinity,
  })
  return (
    <Section
      title="Report"
      aside={
        data !== undefined && (
          <a
            className={buttonClass()}
            href={`data:text/markdown;charset=utf-8,${encodeURIComponent(data)}`}
            download={`${runId}.md`}
          >
            Download Markdown
          </a>
        )
      }
    >
      <div className="px-3 py-2">
        {error !== null && <Problem error={error} what="The report could not be read." />}
        {data !== undefined && <Prose text={data} sources={sources} />}
      </div>
    </Section>
  )
}
