export type Interval = Readonly<{ low: number; mid: number; high: number }>

const Z = 1.96

/** Where a share of successes lies, by Wilson: with 95 % certainty between `low` and `high`. Null without a try. */
export function wilson(successes: number, tries: number): Interval | null {
  if (tries <= 0) return null
  const share = successes / tries
  const scale = 1 + Z ** 2 / tries
  const middle = (share + Z ** 2 / (2 * tries)) / scale
  const spread = (Z * Math.sqrt((share * (1 - share)) / tries + Z ** 2 / (4 * tries ** 2))) / scale
  return { low: Math.max(0, middle - spread), mid: share, high: Math.min(1, middle + spread) }
}
