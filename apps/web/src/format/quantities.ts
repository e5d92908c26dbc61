import { dollars } from '@flotilla/domain'

export { durationText as duration } from '@flotilla/domain'

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
