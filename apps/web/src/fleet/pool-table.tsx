import type { FleetPool, FleetView } from '@flotilla/domain'
import { duration } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'
import { MinuteBars } from './minute-bars.tsx'
import { rateText, secondsText } from './fleet-text.ts'

const liveText = (runs: FleetView['runs']): string =>
  Object.entries(runs)
    .map(([status, n]) => `${n} ${status.replaceAll('_', ' ')}`)
    .join(' · ')

/** Workers count from their start: what was done before is known to nobody. */
function nothingText(countedSeconds: number | null): string {
  if (countedSeconds === null) return 'There is nothing to do.'
  if (countedSeconds >= 15 * 60) return 'There is nothing to do, and was not for 15 minutes.'
  return `There is nothing to do, and was not since a worker started ${secondsText(countedSeconds)} ago; what was done before is not counted.`
}

/** What there is to do, what holds it up, and how fast it goes. */
export const PoolTable = ({ fleet }: Readonly<{ fleet: FleetView }>) => (
  <Section
    title="Work by pool"
    aside={<span className="text-small text-muted">Runs: {liveText(fleet.runs) || 'none now'}</span>}
    lead="A pool is one kind of work: the tasks of a role, such as @writer, or planning, verifying, and learning from runs that have ended. Tasks are in progress with a worker; ready, for when a place is free; or they wait, in the last four columns: until their model may be called again, until their paused run is resumed, until a retry is due, or because no more tasks of their role may go on at a time."
  >
    {fleet.pools.length === 0 ? (
      <p className="px-3 py-2 text-muted">
        {nothingText(fleet.countedSeconds)} While runs go on, each role stands here with what is in progress, what waits
        and for what, and how much it gets done.
      </p>
    ) : (
      <DataTable<FleetPool>
        label="Work by pool"
        rows={fleet.pools}
        keyOf={({ pool }) => pool}
        columns={[
          { title: 'Pool', cell: ({ pool }) => pool.replace(/^agent:/, '@') },
          { title: 'In progress', number: true, cell: ({ inProgress }) => inProgress },
          { title: 'Ready', number: true, cell: ({ ready }) => ready },
          {
            title: 'Longest ready for',
            number: true,
            cell: ({ oldestSeconds }) => (oldestSeconds === null ? '–' : duration(oldestSeconds * 1_000)),
          },
          { title: 'Done a minute', number: true, cell: ({ donePerMinute }) => rateText(donePerMinute) },
          { title: 'In each of 15 minutes', wide: true, cell: ({ done }) => <MinuteBars counts={done} /> },
          { title: 'Wait for a model', number: true, wide: true, cell: ({ waiting }) => waiting.lane },
          { title: 'Wait in a pause', number: true, wide: true, cell: ({ waiting }) => waiting.paused },
          { title: 'Wait for a retry', number: true, wide: true, cell: ({ waiting }) => waiting.notDue },
          { title: 'Wait for the role’s limit', number: true, wide: true, cell: ({ waiting }) => waiting.limit },
        ]}
      />
    )}
  </Section>
)
