import UPlot from 'uplot'
import type { ChartProps } from './chart.tsx'

/** Steps of an axis on which things are counted. */
const WHOLE_STEPS = [1, 2, 5]
  .flatMap((step) => [...'0123456789'].map((zeros) => step * 10 ** Number(zeros)))
  .toSorted((a, b) => a - b)

/** How a chart is drawn, in the colours of the theme that holds now. */
export function plotOptions(
  width: number,
  height: number,
  { series, text, whole = false }: Pick<ChartProps, 'series' | 'text' | 'whole'>,
): UPlot.Options {
  const styles = getComputedStyle(document.documentElement)
  const colour = (name: string): string => styles.getPropertyValue(`--${name}`).trim()
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
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, values: (_plot, ticks) => ticks.map(dayText) },
      { ...axis, size: 62, values: (_plot, ticks) => ticks.map(text), ...(whole ? { incrs: WHOLE_STEPS } : {}) },
    ],
    series: [
      {},
      ...series.map(({ label, colour: name, dash }) => ({
        label,
        stroke: colour(name),
        width: 1.5,
        spanGaps: true,
        ...(dash === undefined ? {} : { dash: [...dash] }),
        points: { show: true, size: 4, fill: colour(name) },
      })),
    ],
  }
}

const dayOf = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayText = (seconds: number): string => (seconds % 86_400 === 0 ? dayOf.format(new Date(seconds * 1_000)) : '')
