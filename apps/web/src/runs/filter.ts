import type { RunNarrowing, RunQuery } from '@flotilla/client'
import {
  ERROR_CODES,
  MODES,
  REQUEST_TYPES,
  RUN_STATUSES,
  isTerminalRun,
  type Mode,
  type RequestType,
  type RunStatus,
} from '@flotilla/domain'
import { DAY_MS } from '../format/times.ts'

/** Which runs are meant, as the addresses of several pages say it. `live`: what has not ended. */
export type RunChoice = Readonly<{
  status?: RunStatus | 'live' | undefined
  /** `key:value`. */
  label?: string | undefined
  type?: RequestType | undefined
  mode?: Mode | undefined
}>

/** What the list shows, as the address says it. */
export type RunFilter = RunChoice &
  Readonly<{
    q?: string | undefined
    /** A label beside the other one. */
    and?: string | undefined
    agent?: string | undefined
    model?: string | undefined
    /** One, or several separated by commas. */
    error?: string | undefined
    /** In UTC, as 2026-01-31. */
    day?: string | undefined
    /** Days back from now. */
    days?: number | undefined
  }>

export const DAYS = [1, 7, 30, 90] as const

/** What of an address says which runs; all else in it is left out. */
export function readRunChoice(search: Readonly<Record<string, unknown>>): RunChoice {
  const status = search['status'] === 'live' ? 'live' : known(RUN_STATUSES, search['status'])
  return given({
    status,
    label: readLabel(search['label']),
    type: known(REQUEST_TYPES, search['type']),
    mode: known(MODES, search['mode']),
  })
}

/** What of an address is a filter; all else in it is left out. */
export function readRunFilter(search: Readonly<Record<string, unknown>>): RunFilter {
  const { day } = search
  return given({
    ...readRunChoice(search),
    q: readText(search['q']),
    and: readLabel(search['and']),
    agent: readText(search['agent']),
    model: readText(search['model']),
    error: readErrors(search['error']),
    day: typeof day === 'string' && isDay(day) ? day : undefined,
    days: DAYS.find((one) => one === search['days']),
  })
}

/** Narrowed to a label, beside one that is there already; a third takes the second's place. */
export const withLabel = (filter: RunFilter, label: string): RunFilter =>
  filter.label === undefined || filter.label === label ? { ...filter, label } : { ...filter, and: label }

/** Whether an address narrows anything; what was wrong in it is there without a value. */
export const narrows = (parts: object): boolean => Object.values(parts).some((value) => value !== undefined)

const known = <T extends string>(options: readonly T[], value: unknown): T | undefined =>
  options.find((one) => one === value)

/** Without what is not there, so that addresses have no empty parts. */
const given = <T extends object>(parts: T): T =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T

function readErrors(value: unknown): string | undefined {
  const codes = (typeof value === 'string' ? value : '')
    .split(',')
    .filter((code) => known(ERROR_CODES, code) !== undefined)
  return codes.length === 0 ? undefined : codes.join(',')
}

const MAX_TEXT = 200
const MAX_LABEL = 63 + 1 + 200
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

/** A number in an address comes as one. */
export function readText(value: unknown, most = MAX_TEXT): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text.trim() !== '' ? text.trim().slice(0, most) : undefined
}

function readLabel(value: unknown): string | undefined {
  const label = readText(value, MAX_LABEL)
  return label === undefined || !isLabel(label) ? undefined : label
}

export const isLabel = (text: string): boolean => /^[\w.-]{1,63}:[^]{0,200}$/.test(text)

const LIVE = RUN_STATUSES.filter((status) => !isTerminalRun(status))
export const LIVE_QUERY = LIVE.join(',') as NonNullable<RunQuery['status']>

/** The same for the API. */
export const choiceQuery = ({ status, label, type, mode }: RunChoice): RunNarrowing =>
  given({ status: status === 'live' ? LIVE_QUERY : status, label, type, mode })

export function queryOf({ day, days, and, q, agent, model, error, ...choice }: RunFilter, now: number): RunQuery {
  return given<RunQuery>({
    ...choiceQuery(choice),
    ...(and === undefined ? {} : { label: [choice.label, and].filter((one) => one !== undefined) }),
    q,
    agent,
    model,
    error: error as RunQuery['error'],
    ...(day === undefined ? {} : { from: day, to: new Date(Date.parse(day) + DAY_MS).toISOString() }),
    // Whole minutes, so that the pages of one list ask the same.
    ...(days === undefined ? {} : { from: new Date(now - days * DAY_MS).toISOString().slice(0, 17) + '00Z' }),
  })
}
