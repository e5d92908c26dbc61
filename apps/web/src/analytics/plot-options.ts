import UPlot from 'uplot'
import type { ChartProps, Series } from './chart.tsx'

/** Steps of an axis on which things are counted. */
const WHOLE_STEPS = [1, 2, 5]
  .flatMap((step) => Array.from({ length: 10 }, (_, zeros) => step * 10 ** zeros))
  .toSorted((a, b) => a - b)

const HALF_DAY = 43_200

/** How a chart is drawn, in the colours of the theme that holds now. */
export function plotOptions(
  width: number,
  height: number,
  {
    series,
    text,
    whole = false,
    bars = false,
    share = false,
  }: Pick<ChartProps, 'series' | 'text' | 'whole' | 'bars' | 'share'>,
): UPlot.Options {
  const axis = {
    stroke: colour('muted'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font: '11px sans-serif',
  }
  return {
    width,
    height,
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), 'UTC'),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      // A day's bar stands around its time.
      x: { range: (_plot, first, last) => [first - HALF_DAY, last + HALF_DAY] },
      y: { range: (_plot, _least, most) => [0, share ? 1.05 : most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, values: (_plot, ticks) => ticks.map(dayText) },
      {
        ...axis,
        size: 62,
        values: (_plot, ticks) => ticks.map(text),
        ...(whole ? { incrs: WHOLE_STEPS } : {}),
        // Of nothing at all there is no scale.
        ...(isNothing(series) ? { splits: () => [0] } : {}),
      },
    ],
    series: [{}, ...(bars ? series.toReversed().map(bar) : series.map(line))],
  }
}

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

const isNothing = (series: readonly Series[]): boolean =>
  series.every(({ values }) => values.every((value) => value === null || value === 0))

/** A lone day has no line to be seen by. */
const pointSize = (values: Series['values']): number => (values.filter((value) => value !== null).length === 1 ? 8 : 4)

const line = ({ label, colour: name, dash, values }: Series): UPlot.Series => ({
  label,
  stroke: colour(name),
  width: 1.5,
  spanGaps: true,
  ...(dash === undefined ? {} : { dash: [...dash] }),
  points: { show: true, size: pointSize(values), fill: colour(name) },
})

/** Of a day's width, and no wider than so many pixels. */
const BAR = [0.6, 28] as const

const bar = ({ label, colour: name }: Series): UPlot.Series => {
  const paths = UPlot.paths.bars?.({ size: [...BAR] })
  return { label, fill: colour(name), width: 0, points: { show: false }, ...(paths === undefined ? {} : { paths }) }
}

const dayOf = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayText = (seconds: number): string => (seconds % 86_400 === 0 ? dayOf.format(new Date(seconds * 1_000)) : '')
