import type { FleetView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { duration, plural } from '../format/quantities.ts'
import { buttonClass } from '../parts/button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { Page, Section } from '../parts/page.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { LaneList } from './lane-list.tsx'
import { ModelList } from './model-list.tsx'

const LOOK_EVERY_MS = 2_000

/** What there is to do, who does it, and what holds it up. */
export default function FleetPage() {
  const fleet = useQuery({
    queryKey: ['fleet'],
    queryFn: ({ signal }) => client.fleet({ signal }),
    refetchInterval: LOOK_EVERY_MS,
  })
  return (
    <Page
      title="Fleet"
      actions={
        <a href="/admin/queues" className={buttonClass()}>
          Queues in Bull Board
        </a>
      }
    >
      {fleet.error !== null && <Problem error={fleet.error} what="The fleet could not be read." />}
      {fleet.data === undefined && fleet.error === null && <Loading what="the fleet" />}
      {fleet.data !== undefined && (
        <div className="grid items-start gap-3 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
          <Pools fleet={fleet.data} />
          <Workers fleet={fleet.data} />
        </div>
      )}
      <LaneList />
      <ModelList />
      <DeadLetters />
    </Page>
  )
}

const liveText = (runs: FleetView['runs']): string =>
  Object.entries(runs)
    .map(([status, n]) => `${n} ${status.replace('_', ' ')}`)
    .join(' · ')

const Pools = ({ fleet }: Readonly<{ fleet: FleetView }>) => (
  <Section title="Work by pool" aside={<span className="text-small text-muted">{liveText(fleet.runs)}</span>}>
    {fleet.pools.length === 0 ? (
      <p className="px-3 py-2 text-muted">
        There is nothing to do. While runs go on, each role stands here with what is in progress and what waits.
      </p>
    ) : (
      <DataTable<FleetView['pools'][number]>
        label="Work by pool"
        rows={fleet.pools}
        keyOf={({ pool }) => pool}
        columns={[
          { title: 'Pool', cell: ({ pool }) => pool.replace(/^agent:/, '@') },
          { title: 'In progress', number: true, cell: ({ inProgress }) => inProgress },
          { title: 'Ready', number: true, cell: ({ ready }) => ready },
          {
            title: 'Oldest',
            number: true,
            cell: ({ oldestSeconds }) => (oldestSeconds === null ? '–' : duration(oldestSeconds * 1_000)),
          },
          { title: 'For a lane', number: true, wide: true, cell: ({ waiting }) => waiting.lane },
          { title: 'Paused', number: true, wide: true, cell: ({ waiting }) => waiting.paused },
          { title: 'Not due', number: true, wide: true, cell: ({ waiting }) => waiting.notDue },
          { title: 'For the role’s limit', number: true, wide: true, cell: ({ waiting }) => waiting.limit },
        ]}
      />
    )}
  </Section>
)

const Workers = ({ fleet }: Readonly<{ fleet: FleetView }>) => (
  <Section title="Workers at work">
    {fleet.workers.length === 0 ? (
      <p className="px-3 py-2 text-muted">None has a task in hand now; idle workers are in no record.</p>
    ) : (
      <ul>
        {fleet.workers.map(({ name, tasks }) => (
          <li key={name} className="flex justify-between gap-2 border-b border-line px-3 py-1 last:border-b-0">
            <span className="truncate">{name}</span>
            <span className="numeric">{plural(tasks, 'task')}</span>
          </li>
        ))}
      </ul>
    )}
  </Section>
)
