/** The second of an ISO time in UTC: `2026-01-01 10:00:00`; its column or its suffix says UTC. */
export const atSecond = (iso: string): string => iso.slice(0, 19).replace('T', ' ')

/** `7s`, `1:05`, `2:03:04`. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1_000))
  if (total < 60) return `${total}s`
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(total / 3_600)
  const minutes = Math.floor(total / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`
}

/** `950`, `1.2k`, `31k`, `4.0M`. */
export function count(value: number): string {
  if (value < 1_000) return String(Math.round(value))
  const [scaled, unit] = value < 999_500 ? [value / 1_000, 'k'] : [value / 1_000_000, 'M']
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`
}
