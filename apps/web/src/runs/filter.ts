import type { RunQuery } from '@flotilla/client'
import { RUN_STATUSES, isTerminalRun, type RunStatus } from '@flotilla/domain'
import { DAY_MS } from '../format/times.ts'

/** What the list shows, as the address says it. `live`: what has not ended. */
export type RunFilter = Readonly<{
  status?: RunStatus | 'live' | undefined
  q?: string | undefined
  /** `key:value`. */
  label?: string | undefined
  /** In UTC, as 2026-01-31. */
  day?: string | undefined
  /** Days back from now. */
  days?: number | undefined
}>

export const DAYS = [1, 7, 30, 90] as const

/** What of an address is a filter; all else in it is left out. */
export function readRunFilter(search: Readonly<Record<string, unknown>>): RunFilter {
  const status = RUN_STATUSES.find((one) => one === search['status'])
  const q = readText(search['q'])
  const label = readText(search['label'])
  const days = DAYS.find((one) => one === search['days'])
  return {
    ...(search['status'] === 'live' ? { status: 'live' as const } : status === undefined ? {} : { status }),
    ...(q === null ? {} : { q }),
    ...(label === null || !isLabel(label) ? {} : { label }),
    ...(typeof search['day'] === 'string' && isDay(search['day']) ? { day: search['day'] } : {}),
    ...(days === undefined ? {} : { days }),
  }
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

/** A number in an address comes as one. */
function readText(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text.trim() !== '' ? text.trim().slice(0, 200) : null
}

export const isLabel = (text: string): boolean => /^[\w.-]{1,63}:[^]{0,200}$/.test(text)

const LIVE = RUN_STATUSES.filter((status) => !isTerminalRun(status))
export const LIVE_QUERY = LIVE.join(',') as NonNullable<RunQuery['status']>

export function queryOf({ status, q, label, day, days }: RunFilter, now: number): RunQuery {
  return {
    ...(status === undefined ? {} : { status: status === 'live' ? LIVE_QUERY : status }),
    ...(q === undefined ? {} : { q }),
    ...(label === undefined ? {} : { label }),
    ...(day === undefined ? {} : { from: day, to: new Date(Date.parse(day) + DAY_MS).toISOString() }),
    // Whole minutes, so that the pages of one list ask the same.
    ...(days === undefined ? {} : { from: new Date(now - days * DAY_MS).toISOString().slice(0, 17) + '00Z' }),
  }
}
