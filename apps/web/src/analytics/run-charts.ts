import type { RunStats, RunSums } from '@flotilla/domain'
import { count, duration, percent, usd } from '../format/quantities.ts'
import type { ChartProps, Series } from './chart.tsx'
import { daysOf, everyDay, seriesDays, type Day } from './days.ts'
import { runsOf, seriesName, type AnalyticsSearch } from './search.ts'
import { lookOf } from './series-looks.ts'
import { successNote } from './success-text.ts'

export type Drawn = Omit<ChartProps, 'onPick' | 'days'>

type Measure = Readonly<{
  title: string
  total: (sums: RunSums) => string
  /** What the figure is of. */
  note?: (sums: RunSums) => string
  value: (day: RunSums) => number | null
  text: (value: number) => string
  /** Of amounts, which add up. */
  bars?: boolean
  whole?: boolean
  /** Of the whole, so that the axis goes to 100 %. */
  share?: boolean
  /** Of the one line where nothing is split. */
  colour: string
}>

const known = (value: number | null, text: (value: number) => string): string => (value === null ? '–' : text(value))

const MEASURES: readonly Measure[] = [
  {
    title: 'Runs',
    total: ({ runs }) => `${count(runs)} ${runs === 1 ? 'run' : 'runs'}`,
    value: ({ runs }) => runs,
    text: count,
    bars: true,
    whole: true,
    colour: 'active',
  },
  {
    title: 'Success rate',
    total: ({ successRate }) => known(successRate, percent),
    note: successNote,
    value: ({ successRate }) => successRate,
    text: percent,
    share: true,
    colour: 'good',
  },
  {
    title: 'Mean quality',
    total: ({ meanQuality }) => known(meanQuality, percent),
    // Where nothing judged a run, its quality is of completion and revisions alone.
    note: ({ meanQuality }) => (meanQuality === null ? '' : 'also of runs that nothing judged'),
    value: ({ meanQuality }) => meanQuality,
    text: percent,
    share: true,
    colour: 'judged',
  },
  {
    title: 'Mean duration',
    total: ({ meanDurationMs }) => known(meanDurationMs, duration),
    value: ({ meanDurationMs }) => meanDurationMs,
    text: duration,
    colour: 'active',
  },
  {
    title: 'Tokens',
    total: ({ tokens }) => `${count(tokens)} tokens`,
    value: ({ tokens }) => tokens,
    text: count,
    bars: true,
    whole: true,
    colour: 'active',
  },
  {
    title: 'Cost',
    total: ({ costUsd }) => usd(costUsd),
    value: ({ costUsd }) => costUsd,
    text: usd,
    bars: true,
    colour: 'warn',
  },
]

/** Runs by how they ended, and a line for each other measure; with series a line for each of them. */
export function runCharts(stats: RunStats, search: AnalyticsSearch): Drawn[] {
  const lines = search.split === undefined ? wholeLines(stats) : splitLines(stats, search)
  return MEASURES.map((measure) => ({
    title: measure.title,
    total: measure.total(stats.total),
    text: measure.text,
    note: measure.note?.(stats.total) ?? '',
    share: measure.share ?? false,
    // A run counts for each of its agents and models: those upon each other would be more than there are.
    bars: measure.bars === true && !(measure.title === 'Runs' && isShared(search)),
    whole: measure.whole ?? false,
    series: lines(measure),
  }))
}

const isShared = ({ split }: AnalyticsSearch): boolean => split === 'agent' || split === 'model'

function wholeLines(stats: RunStats): (measure: Measure) => Series[] {
  const days = everyDay(stats)
  const line = (label: string, colour: string, value: (day: Day) => number | null): Series => ({
    label,
    colour,
    values: days.map(value),
  })
  return ({ title, colour, value }) =>
    title === 'Runs'
      ? [
          line('completed', 'good', ({ completed }) => completed),
          line('failed', 'bad', ({ failed }) => failed),
          line('cancelled', 'idle', ({ cancelled }) => cancelled),
        ]
      : [line(title, colour, value)]
}

function splitLines(stats: RunStats, search: AnalyticsSearch): (measure: Measure) => Series[] {
  const days = daysOf(stats)
  const lines = stats.series.map((one, i) => ({
    label: seriesName(one),
    ...lookOf(i, one.rest),
    days: seriesDays(days, one),
    runs: one.key === null ? undefined : runsOf(search, search.split, one.key),
  }))
  return ({ value }) => lines.map(({ days: of, ...look }) => ({ ...look, values: of.map(value) }))
}
