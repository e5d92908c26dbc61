const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export const formatCount = (value: number): string => whole.format(value)

/** Four decimals from a cent on, two from a hundred dollars on; smaller amounts keep two significant digits. */
export function formatUsd(value: number): string {
  if (value === 0) return '$0'
  return value >= 0.01 ? `$${value.toFixed(value >= 100 ? 2 : 4)}` : `$${Number(value.toPrecision(2))}`
}

export function formatDuration(ms: number | null): string {
  if (ms === null) return '–'
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)]
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`
}

export const formatScore = (score: number | null): string => (score === null ? '–' : score.toFixed(2))
