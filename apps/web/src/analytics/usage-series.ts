import type { CostReport } from '@flotilla/domain'
import type { RunFilter } from '../runs/filter.ts'
import type { Series } from './chart.tsx'
import type { CsvCell } from './csv.ts'
import { daysOf, fillDays } from './days.ts'
import { seriesName } from './search.ts'
import { lookOf } from './series-looks.ts'

export const USE_MEASURES = ['calls', 'tokens', 'cost'] as const
export type UseMeasure = (typeof USE_MEASURES)[number]

type Used = Omit<CostReport['series'][number]['items'][number], 'day'>
const NOTHING: Used = { calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 }

const VALUES: Readonly<Record<UseMeasure, (used: Used) => number>> = {
  calls: ({ calls }) => calls,
  tokens: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
  cost: ({ costUsd }) => costUsd,
}

/** A line for each of the first few, and one for all others. */
export function usageSeries(
  report: CostReport,
  measure: UseMeasure,
  runsOfKey: (key: string | null) => RunFilter | undefined,
): Series[] {
  const days = daysOf(report)
  return report.series.map((one, i) => ({
    label: seriesName(one),
    ...lookOf(i, one.rest),
    values: fillDays(days, one.items, NOTHING).map(VALUES[measure]),
    runs: one.rest ? undefined : runsOfKey(one.key),
  }))
}

/** Day, key, calls, tokens and cost. */
export const usageRows = ({ series }: CostReport): CsvCell[][] =>
  series
    .flatMap((one) =>
      one.items.map(({ day, calls, inputTokens, outputTokens, costUsd }): CsvCell[] => [
        day,
        seriesName(one),
        calls,
        inputTokens,
        outputTokens,
        costUsd,
      ]),
    )
    .toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))
