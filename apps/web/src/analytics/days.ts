import type { RunStats, RunSums } from '@flotilla/domain'
import { DAY_MS } from '../format/times.ts'

export type Day = RunSums & Readonly<{ day: string }>

const NOTHING: RunSums = {
  runs: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  successRate: null,
  meanDurationMs: null,
  meanQuality: null,
  tokens: 0,
  costUsd: 0,
}

/** Every day (UTC) of the time, also those without a run, oldest first. */
export function everyDay({ from, to, items }: RunStats): Day[] {
  const known = new Map(items.map(({ key, ...sums }) => [key, sums]))
  const days: Day[] = []
  const first = Math.floor(Date.parse(from) / DAY_MS) * DAY_MS
  for (let at = first; at < Date.parse(to); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10)
    days.push({ day, ...(known.get(day) ?? NOTHING) })
  }
  return days
}

const COLUMNS = [
  'day',
  'runs',
  'completed',
  'failed',
  'cancelled',
  'successRate',
  'meanDurationMs',
  'meanQuality',
  'tokens',
  'costUsd',
] as const satisfies readonly (keyof Day)[]

/** RFC 4180; what is not known is empty. */
export const csvOf = (days: readonly Day[]): string =>
  [COLUMNS.join(','), ...days.map((day) => COLUMNS.map((column) => day[column] ?? '').join(','))].join('\r\n') + '\r\n'
