import { durationText } from '@flotilla/domain'

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export const formatCount = (value: number): string => whole.format(value)

/** Four decimals from a cent on, two from a hundred dollars on; smaller amounts keep two significant digits. */
export function formatUsd(value: number): string {
  if (value === 0) return '$0'
  return value >= 0.01 ? `$${value.toFixed(value >= 100 ? 2 : 4)}` : `$${Number(value.toPrecision(2))}`
}

export const formatDuration = (ms: number | null): string => (ms === null ? '–' : durationText(ms))

export const formatScore = (score: number | null): string => (score === null ? '–' : score.toFixed(2))
