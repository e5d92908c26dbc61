import type { FleetView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { count } from '../format/quantities.ts'
import { buttonClass } from '../parts/button.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { placesFor, rateText } from './fleet-text.ts'
import { LaneList } from './lane-list.tsx'
import { ModelList } from './model-list.tsx'
import { PoolTable } from './pool-table.tsx'
import { Reconciler } from './reconciler.tsx'
import { WorkerTable } from './worker-table.tsx'

const LOOK_EVERY_MS = 2_000

/** What there is to do, who does it, how fast, and what holds it up. */
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
      lead={
        <p className="max-w-prose text-muted">
          The fleet is all worker processes together: what there is to do, who does it, how fast, and what holds it up.
          Bull Board shows the queues, the messages by which workers are told that something is ready.
        </p>
      }
    >
      {fleet.error !== null && <Problem error={fleet.error} what="The fleet could not be read." />}
      {fleet.data === undefined && fleet.error === null && <Loading what="the fleet" />}
      {fleet.data !== undefined && (
        <>
          <Figures fleet={fleet.data} />
          <PoolTable fleet={fleet.data} />
          <WorkerTable workers={fleet.data.workers} />
        </>
      )}
      <div className="grid items-start gap-3 lg:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
        {fleet.data !== undefined && <Reconciler reconciler={fleet.data.reconciler} />}
        <DeadLetters />
      </div>
      <LaneList />
      <ModelList />
    </Page>
  )
}

/** The fleet in a line. */
function Figures({ fleet: { pools, workers } }: Readonly<{ fleet: FleetView }>) {
  const heard = workers.filter(({ state }) => state !== 'silent')
  const sum = <T,>(of: readonly T[], value: (one: T) => number): number =>
    of.reduce((total, one) => total + value(one), 0)
  const places = sum(heard, (worker) => worker.places ?? 0)
  const figures: readonly (readonly [name: string, value: string, note?: string])[] = [
    ['tasks in progress', count(sum(pools, ({ inProgress }) => inProgress))],
    ['tasks ready to begin', count(sum(pools, ({ ready }) => ready))],
    ['tasks done a minute', rateText(sum(pools, ({ donePerMinute }) => donePerMinute))],
    ['places for tasks in use', `${count(sum(heard, ({ tasks }) => tasks))} of ${count(places)}`, placesFor(heard)],
    ['workers heard of', count(heard.length)],
  ]
  return (
    <dl className="panel grid grid-cols-2 gap-x-4 gap-y-1 px-3 py-2 sm:grid-cols-5">
      {figures.map(([title, value, note = '']) => (
        <div key={title} className="flex flex-col-reverse justify-end">
          <dt className="text-small text-muted">{note === '' ? title : `${title}: ${note}`}</dt>
          <dd className="numeric text-lead">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
