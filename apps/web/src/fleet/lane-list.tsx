import type { LaneView, Lanes } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { count, percent, plural } from '../format/quantities.ts'
import { clockTime } from '../format/times.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { TONE_TEXT, type Tone } from '../state/tones.ts'

const TONES: Readonly<Record<LaneView['state'], Tone>> = {
  open: 'good',
  opening: 'warn',
  closed: 'bad',
  circuit_open: 'bad',
}

const STATES: Readonly<Record<LaneView['state'], string>> = {
  open: 'open',
  opening: 'opening step by step',
  closed: 'closed',
  circuit_open: 'gave no answers: not asked',
}

/** What each provider, model and key lets pass, and what waits for it. */
export function LaneList() {
  const { data, error } = useQuery({
    queryKey: ['lanes'],
    queryFn: ({ signal }) => client.lanes({ signal }),
    refetchInterval: 3_000,
  })
  if (error !== null) return <Problem error={error} what="The lanes could not be read." />
  return (
    <Section
      title="Lanes"
      lead="A lane is the way to one model with one key, shared by all workers. It lets through what its provider allows a minute, and closes where the provider refuses; tasks then wait without taking a place. For some seconds after that it opens step by step: its pace is the share of what usually passes."
    >
      {data?.items.length === 0 && (
        <p className="px-3 py-2 text-muted">None has been used yet: the offline model needs none.</p>
      )}
      {data !== undefined && data.items.length > 0 && <LaneTable lanes={data} />}
      {data?.waiting.map((one) => (
        <p key={`${one.lane} ${one.until} ${one.why}`} className="border-t border-line px-3 py-1.5 text-warn">
          {plural(one.tasks, 'task')} {one.tasks === 1 ? 'waits' : 'wait'} until {clockTime(one.until)}:{' '}
          {one.why ?? one.lane}
        </p>
      ))}
    </Section>
  )
}

const LaneTable = ({ lanes }: Readonly<{ lanes: Lanes }>) => (
  <DataTable<LaneView>
    label="Lanes"
    rows={lanes.items}
    keyOf={({ id }) => id}
    columns={[
      { title: 'Model', cell: ({ model, earlierKey }) => (earlierKey ? `${model} (earlier key)` : model) },
      {
        title: 'State',
        cell: ({ state, closedUntil }) => (
          <span className={TONE_TEXT[TONES[state]]}>
            {STATES[state]}
            {closedUntil === null ? '' : ` until ${clockTime(closedUntil)}`}
          </span>
        ),
      },
      { title: 'Why', wide: true, cell: ({ why }) => <span className="text-muted">{why}</span> },
      { title: 'Pace', number: true, cell: ({ pace }) => percent(pace) },
      { title: 'Passed in the last minute', cell: ({ meters }) => meters.map(meterText).join(' · ') },
      { title: 'Tasks waiting', number: true, cell: ({ waitingTasks }) => waitingTasks },
    ]}
  />
)

const meterText = ({ name, used, limit }: LaneView['meters'][number]): string =>
  `${count(used)}${limit === null ? '' : ` of ${count(limit)}`} ${name.replace('Tokens', ' tokens')}`
