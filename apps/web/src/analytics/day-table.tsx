import { Link } from '@tanstack/react-router'
import { count, duration, percent, usd } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'
import type { RunChoice } from '../runs/filter.ts'
import type { Day } from './days.ts'

const known = (value: number | null, text: (value: number) => string): string => (value === null ? '–' : text(value))

/** The charts' twin; each day leads to its runs. */
export const DayTable = ({ days, choice }: Readonly<{ days: readonly Day[]; choice: RunChoice }>) => (
  <Section
    title="By day"
    aside={
      <span className="text-small text-muted">
        days in UTC; success is of completed and failed runs, cancelled ones not counted
      </span>
    }
  >
    <DataTable<Day>
      label="Runs by day"
      rows={days.filter(({ runs }) => runs > 0).toReversed()}
      keyOf={({ day }) => day}
      columns={[
        {
          title: 'Day',
          cell: ({ day }) => (
            <Link to="/" search={{ ...choice, day }} className="text-accent underline">
              {day}
            </Link>
          ),
        },
        { title: 'Runs', number: true, cell: ({ runs }) => count(runs) },
        { title: 'Completed', number: true, wide: true, cell: ({ completed }) => count(completed) },
        { title: 'Failed', number: true, cell: ({ failed }) => count(failed) },
        { title: 'Cancelled', number: true, wide: true, cell: ({ cancelled }) => count(cancelled) },
        { title: 'Success', number: true, wide: true, cell: ({ successRate }) => known(successRate, percent) },
        { title: 'Quality', number: true, wide: true, cell: ({ meanQuality }) => known(meanQuality, percent) },
        { title: 'Duration', number: true, wide: true, cell: ({ meanDurationMs }) => known(meanDurationMs, duration) },
        { title: 'Tokens', number: true, wide: true, cell: ({ tokens }) => count(tokens) },
        { title: 'Cost', number: true, cell: ({ costUsd }) => usd(costUsd) },
      ]}
    />
  </Section>
)
