import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { FilterBar } from './filter-bar.tsx'
import { RunTable } from './run-table.tsx'
import { useRuns } from './use-runs.ts'

const route = getRouteApi('/')

/** All runs, newest first. */
export function RunsPage({ actions }: Readonly<{ actions?: ReactNode }>) {
  const filter = route.useSearch()
  const { runs, pages } = useRuns(filter)
  const filtered = Object.keys(filter).length > 0
  return (
    <Page title="Runs" actions={actions} lead={<FilterBar filter={filter} />}>
      {pages.error !== null && runs.length === 0 && (
        <Problem error={pages.error} what="The runs could not be read." />
      )}
      {pages.isPending && <Loading what="runs" />}
      {pages.isSuccess && runs.length === 0 && (filtered ? <NothingFound /> : <NoRuns />)}
      {runs.length > 0 && (
        <RunTable
          runs={runs}
          more={pages.hasNextPage}
          onEnd={() => {
            if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage()
          }}
        />
      )}
    </Page>
  )
}

const NoRuns = () => (
  <Empty title="There are no runs yet.">
    A run takes a goal, plans tasks for it, lets agents do them, checks what they made and reports. Begin one here, or
    with <code>flotilla run "Compare these documents" --docs DIR</code>.
  </Empty>
)

const NothingFound = () => (
  <Empty title="No run matches.">Take a filter away, or look for fewer words.</Empty>
)
