import type { AttemptTally, AttemptView } from '@flotilla/domain'
import { atSecond, duration } from './live/figures.ts'
import { oneLine } from './live/terminal-text.ts'
import { table } from './table.ts'

const NAMES: Readonly<Record<keyof AttemptTally, string>> = {
  first: 'first',
  retry: 'retries',
  continuation: 'continuations',
  cutOff: 'continued cut-off answers',
  revision: 'revisions',
  recovery: 'recoveries',
}

/** What was tried, and how often each way may be: `1 of 2 retries, 0 continuations, 0 of 3 continued cut-off answers, …`. */
export const tallyText = (tally: AttemptTally): string =>
  (Object.entries(NAMES) as [keyof AttemptTally, string][])
    .filter(([kind]) => kind !== 'first')
    .map(([kind, name]) => `${tally[kind].count}${tally[kind].cap === null ? '' : ` of ${tally[kind].cap}`} ${name}`)
    .join(', ')

type Ended = Pick<AttemptView, 'kind' | 'status' | 'worker' | 'startedAt' | 'finishedAt' | 'error'> &
  Readonly<{ number: number }>

/** A table of attempts. */
export const attemptTable = (attempts: readonly Ended[]): string => table(COLUMNS, attempts.map(rowOf))

const COLUMNS = [
  { head: 'ATTEMPT', align: 'right' },
  { head: 'KIND' },
  { head: 'END' },
  { head: 'WORKER', max: 40 },
  { head: 'STARTED (UTC)' },
  { head: 'TIME', align: 'right' },
  { head: 'ERROR', max: 80 },
] as const

const rowOf = ({ number, kind, status, worker, startedAt, finishedAt, error }: Ended): string[] => [
  String(number),
  kind,
  status,
  worker,
  atSecond(startedAt),
  finishedAt === null ? '' : duration(Date.parse(finishedAt) - Date.parse(startedAt)),
  error === null ? '' : oneLine(error.message),
]
