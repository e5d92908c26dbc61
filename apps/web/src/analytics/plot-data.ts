import type { Series } from './chart.tsx'

type Values = readonly (number | null)[]

/** Each series upon those before it. */
export function stacked(series: readonly Values[]): number[][] {
  let below: readonly number[] = []
  return series.map((values) => {
    const tops = values.map((value, i) => (value ?? 0) + (below[i] ?? 0))
    below = tops
    return tops
  })
}

export type Pointed = Readonly<{ idx: number; value: number; valuePerPx: number }>

/** A click this near to a line is meant for it. */
const NEAR_PX = 24

/** The series that a place of a chart belongs to: the band that it lies in, or the line that it is near. */
export function seriesAt<T extends Pick<Series, 'values'>>(
  series: readonly T[],
  bars: boolean,
  { idx, value, valuePerPx }: Pointed,
): T | undefined {
  if (bars) {
    const i = stacked(series.map(({ values }) => values)).findIndex((tops) => (tops[idx] ?? 0) >= value)
    return (series[i]?.values[idx] ?? 0) > 0 ? series[i] : undefined
  }
  const far = series.map(({ values }) => Math.abs((values[idx] ?? Infinity) - value))
  const least = Math.min(...far)
  return least <= NEAR_PX * valuePerPx ? series[far.indexOf(least)] : undefined
}
