export { durationText as duration } from '@flotilla/domain'

/** The second of an ISO time in UTC: `2026-01-01 10:00:00`; its column or its suffix says UTC. */
export const atSecond = (iso: string): string => iso.slice(0, 19).replace('T', ' ')

/** `950`, `1.2k`, `31k`, `4.0M`. */
export function count(value: number): string {
  if (value < 1_000) return String(Math.round(value))
  const [scaled, unit] = value < 999_500 ? [value / 1_000, 'k'] : [value / 1_000_000, 'M']
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`
}
