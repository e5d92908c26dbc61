import { changedFields, type Agent, type AgentVersion } from '@flotilla/domain'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { fullTime } from '../format/times.ts'
import { Button } from '../parts/button.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { RestoreDialog } from './restore-dialog.tsx'
import { FIELD_LABELS, VersionDiff } from './version-diff.tsx'

const PAGE = 20

/** What the agent was before, what each version changed, and the way back to one. */
export function Versions({ agent }: Readonly<{ agent: Agent }>) {
  const [restored, setRestored] = useState<AgentVersion | null>(null)
  const pages = useInfiniteQuery({
    queryKey: ['agent', agent.id, 'versions', agent.version],
    queryFn: ({ pageParam, signal }) =>
      client.agents.versions(agent.id, { limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  })
  const all = pages.data?.pages.flatMap(({ items }) => items) ?? []
  // What the last one changed shows beside the one before it, which is on the next page.
  const shown = pages.hasNextPage ? all.slice(0, -1) : all
  return (
    <Section title="Versions">
      {pages.isPending && <Loading what="the versions" lines={2} />}
      {pages.error !== null && <Problem error={pages.error} what="The versions could not be read." />}
      <ol>
        {shown.map((version, i) => (
          <li key={version.version} className="border-b border-line px-3 py-2 last:border-b-0">
            <Version version={version} before={all[i + 1]} current={i === 0} onRestore={() => setRestored(version)} />
          </li>
        ))}
      </ol>
      {pages.hasNextPage && (
        <div className="px-3 py-2">
          <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Show earlier versions
          </Button>
        </div>
      )}
      {restored !== null && <RestoreDialog agent={agent} version={restored} onClose={() => setRestored(null)} />}
    </Section>
  )
}

type VersionProps = Readonly<{
  version: AgentVersion
  /** The one before it, of those that are kept. */
  before: AgentVersion | undefined
  current: boolean
  onRestore: () => void
}>

function Version({ version, before, current, onRestore }: VersionProps) {
  const fields = before === undefined ? [] : changedFields(before.definition, version.definition)
  return (
    <div className="flex flex-wrap items-start justify-between gap-2">
      <div className="min-w-0 flex-1 basis-64">
        <p>
          Version {version.version}
          {current && ', as it is now'}{' '}
          <time className="text-muted" dateTime={version.since}>
            since {fullTime(version.since)}
          </time>
        </p>
        {before === undefined && (
          <p className="text-muted">{version.version === 1 ? 'The first one.' : 'No earlier one was kept.'}</p>
        )}
        {before !== undefined && (
          <details className="mt-1">
            <summary className="text-muted">
              {fields.length === 0
                ? `The same as version ${before.version}`
                : `Changed since version ${before.version}: ${fields.map((field) => FIELD_LABELS[field]).join(', ')}`}
            </summary>
            <div className="mt-2">
              <VersionDiff before={before.definition} after={version.definition} />
            </div>
          </details>
        )}
      </div>
      {!current && (
        <Button aria-label={`Restore version ${version.version} as a new one`} onClick={onRestore}>
          Restore
        </Button>
      )}
    </div>
  )
}
