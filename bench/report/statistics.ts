/** What repeated measurements of one thing came to. */
export type Spread = Readonly<{ median: number; min: number; max: number; n: number }>

/** Throws on no values: a figure that nothing was measured for is a bug. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), n: values.length }
}

export function median(values: readonly number[]): number {
  const sorted = sortedOf(values)
  const middle = sorted.length / 2
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

/** The nearest rank: the smallest value that `percent` of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = sortedOf(values)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
}

function sortedOf(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('no values were measured; expected at least one')
  return values.toSorted((a, b) => a - b)
}
