import { NO_SUMS, type RunSeries, type RunStats, type RunSums } from '@flotilla/domain'
import { DAY_MS } from '../format/times.ts'
import type { CsvCell } from './csv.ts'
import { seriesName } from './search.ts'

export type Day = RunSums & Readonly<{ day: string }>

/** Every day (UTC) of a time, also one that is not over, oldest first. */
export function daysOf({ from, to }: Readonly<{ from: string; to: string }>): string[] {
  const days: string[] = []
  const first = Math.floor(Date.parse(from) / DAY_MS) * DAY_MS
  for (let at = first; at < Date.parse(to); at += DAY_MS) days.push(new Date(at).toISOString().slice(0, 10))
  return days
}

/** What there is of some days, for every day; `nothing` where there is none. */
export function fillDays<T extends object>(
  days: readonly string[],
  items: readonly (T & Readonly<{ day: string }>)[],
  nothing: T,
): (T & Readonly<{ day: string }>)[] {
  const known = new Map(items.map((item) => [item.day, item]))
  return days.map((day) => known.get(day) ?? { ...nothing, day })
}

/** Every day with its runs, also those without one. */
export const everyDay = (stats: RunStats): Day[] =>
  fillDays(
    daysOf(stats),
    stats.items.map(({ key, ...sums }) => ({ day: key ?? '', ...sums })),
    NO_SUMS,
  )

export const seriesDays = (days: readonly string[], { items }: RunSeries): Day[] => fillDays(days, items, NO_SUMS)

const SUM_COLUMNS = [
  'runs',
  'completed',
  'failed',
  'cancelled',
  'successRate',
  'meanDurationMs',
  'meanQuality',
  'tokens',
  'costUsd',
] as const satisfies readonly (keyof RunSums)[]

/** As a file calls them; a rate says what it is of. */
export const SUM_HEADS: readonly string[] = SUM_COLUMNS.map((column) =>
  column === 'successRate' ? 'successRateWithoutCancelled' : column,
)

const cells = (sums: RunSums): CsvCell[] => SUM_COLUMNS.map((column) => sums[column])

/** A line a day; with series a line a day for each of them that has runs then. */
export function csvRows(days: readonly Day[], series: readonly RunSeries[] | null): CsvCell[][] {
  if (series === null) return days.map((day) => [day.day, ...cells(day)])
  return days.flatMap(({ day }) =>
    series.flatMap((one) =>
      one.items.filter((item) => item.day === day).map((item) => [day, seriesName(one), ...cells(item)]),
    ),
  )
}
