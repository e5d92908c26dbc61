import { Link, getRouteApi } from '@tanstack/react-router'
import { buttonClass } from '../parts/button.tsx'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { narrows } from './filter.ts'
import { FilterBar } from './filter-bar.tsx'
import { RunTable } from './run-table.tsx'
import { useRuns } from './use-runs.ts'

const route = getRouteApi('/')

/** All runs, newest first. */
export function RunsPage() {
  const filter = route.useSearch()
  const { runs, pages } = useRuns(filter)
  const filtered = narrows(filter)
  return (
    <Page title="Runs" actions={<NewRunLink />} lead={<FilterBar filter={filter} />}>
      {pages.error !== null && runs.length === 0 && <Problem error={pages.error} what="The runs could not be read." />}
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

const NewRunLink = () => (
  <Link to="/new" className={buttonClass('primary')}>
    New run
  </Link>
)

const NoRuns = () => (
  <Empty title="There are no runs yet.">
    A run takes a goal, plans tasks for it, lets agents do them, checks what they made and reports.{' '}
    <Link to="/new" className="text-accent underline">
      Create one here
    </Link>
    , or with <code>flotilla run "Compare these documents" --docs DIR</code>.
  </Empty>
)

const NothingFound = () => (
  <Empty title="No run matches.">
    Take a filter away, or look for fewer words.{' '}
    <Link to="/" search={{}} className="text-accent underline">
      Show all runs
    </Link>
  </Empty>
)
