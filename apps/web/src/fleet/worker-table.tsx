import type { FleetWorker } from '@flotilla/domain'
import { fullTime } from '../format/times.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'
import { TONE_TEXT } from '../state/tones.ts'
import { placesFor, placesText, secondsText, workerState } from './fleet-text.ts'

/** Every worker process, also those without work. */
export const WorkerTable = ({ workers }: Readonly<{ workers: readonly FleetWorker[] }>) => (
  <Section
    title="Workers"
    aside={<span className="text-small text-muted">each tells of itself every 15 s</span>}
    lead="A worker is a process that does tasks, as many side by side as it has places: FLOTILLA_CONCURRENCY says how many it has for agents, and for judging as many again. One that is draining has been asked to stop: it hands its tasks over and takes no more. One that is not heard of may have crashed; what it had in hand goes to the others."
  >
    {workers.length === 0 ? (
      <p className="px-3 py-2 text-muted">
        No worker is heard of, so runs wait. <code>flotilla up</code> starts some with the API; a worker stands here
        within seconds of its start.
      </p>
    ) : (
      <DataTable<FleetWorker>
        label="Workers"
        rows={workers}
        keyOf={({ name }) => name}
        columns={[
          { title: 'Name', cell: ({ name }) => <span className="[overflow-wrap:anywhere]">{name}</span> },
          { title: 'State', cell: (worker) => <WorkerStateText worker={worker} /> },
          {
            title: 'Places used',
            number: true,
            cell: (worker) => (
              <>
                {placesText(worker)}
                <span className="block text-small text-muted">{placesFor([worker])}</span>
              </>
            ),
          },
          {
            title: 'Serves',
            wide: true,
            cell: ({ roles }) =>
              roles.map((role) => role.replace(/^agent:/, '@').replace('@*', 'all agents')).join(', '),
          },
          { title: 'Version', wide: true, cell: ({ version }) => version ?? 'an earlier one' },
          {
            title: 'Since',
            wide: true,
            number: true,
            cell: ({ startedAt }) => (startedAt === null ? '–' : fullTime(startedAt)),
          },
          {
            title: 'Last heard of',
            number: true,
            wide: true,
            cell: ({ heardSecondsAgo }) => (heardSecondsAgo === null ? '–' : `${secondsText(heardSecondsAgo)} ago`),
          },
        ]}
      />
    )}
  </Section>
)

function WorkerStateText({ worker }: Readonly<{ worker: FleetWorker }>) {
  const { text, tone } = workerState(worker)
  return <span className={TONE_TEXT[tone]}>{text}</span>
}
