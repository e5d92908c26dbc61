import { dollars } from '@flotilla/domain'

/** Milliseconds as a person says them: `840 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return pair(seconds, 60, 'min', 's')
  const minutes = Math.round(ms / 60_000)
  return minutes < 1_440 ? pair(minutes, 60, 'h', 'min') : pair(Math.round(ms / 3_600_000), 24, 'd', 'h')
}

function pair(value: number, base: number, large: string, small: string): string {
  const rest = value % base
  const whole = `${Math.floor(value / base)} ${large}`
  return rest === 0 ? whole : `${whole} ${rest} ${small}`
}

/** `830`, `12.4k`, `1.20M`. */
export function count(value: number): string {
  if (value < 10_000) return value.toLocaleString('en')
  if (value < 999_950) return `${(value / 1_000).toFixed(1)}k`
  return `${(value / 1_000_000).toFixed(2)}M`
}

export const tokens = (value: number): string => `${count(value)} ${value === 1 ? 'token' : 'tokens'}`

/** US dollars. What was free says so by a plain zero. */
export const usd = (value: number): string => (value === 0 ? '$0' : dollars(value))

export const percent = (share: number): string => `${Math.round(share * 100)} %`

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`
  return value < 1_000_000 ? `${(value / 1_000).toFixed(1)} kB` : `${(value / 1_000_000).toFixed(1)} MB`
}

/** `1 task`, `4 tasks`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${value.toLocaleString('en')} ${value === 1 ? one : many}`
