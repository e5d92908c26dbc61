import type { RunStats } from '@flotilla/domain'
import { readRunChoice, readText, withLabel, type RunChoice, type RunFilter } from '../runs/filter.ts'

export const SPANS = [7, 30, 90] as const
/** Days without one in the address. */
const USUAL_SPAN = 30

/** What runs are told apart by, as the API names it. */
export const SPLITS = { agent: 'agent', model: 'model', type: 'type', mode: 'mode', status: 'state' } as const
/** What the use of models is told apart by. */
export const USES = {
  model: 'model',
  agent: 'agent',
  task_type: 'type of task',
  purpose: 'purpose',
  run: 'run',
} as const

export type LabelKey = `label:${string}`
export type Split = keyof typeof SPLITS | LabelKey
export type Use = keyof typeof USES | LabelKey

export type AnalyticsSearch = RunChoice &
  Readonly<{
    days?: (typeof SPANS)[number] | undefined
    split?: Split | undefined
    /** By model without one. */
    use?: Use | undefined
  }>

/** What of an address these pages know; all else in it is left out. */
export function readAnalytics(search: Readonly<Record<string, unknown>>): AnalyticsSearch {
  const days = SPANS.find((one) => one === search['days'])
  const split = readGroup(SPLITS, search['split'])
  const use = readGroup(USES, search['use'])
  return {
    ...readRunChoice(search),
    ...(days === undefined || days === USUAL_SPAN ? {} : { days }),
    ...(split === undefined ? {} : { split }),
    ...(use === undefined || use === 'model' ? {} : { use }),
  }
}

export const spanOf = ({ days = USUAL_SPAN }: AnalyticsSearch): (typeof SPANS)[number] => days

function readGroup<T extends string>(groups: Readonly<Record<T, string>>, value: unknown): T | LabelKey | undefined {
  const text = readText(value)
  if (text === undefined) return undefined
  return isLabelKey(text) ? text : Object.hasOwn(groups, text) ? (text as T) : undefined
}

export const isLabelKey = (text: string): text is LabelKey => /^label:[\w.-]{1,63}$/.test(text)
export const labelKeyOf = (group: string): string => (isLabelKey(group) ? group.slice('label:'.length) : '')

/** The choice of runs alone. */
export const choiceOf = ({ status, label, type, mode }: AnalyticsSearch): RunChoice =>
  readRunChoice({ status, label, type, mode })

/** The list of those of the runs shown that `key` stands for; of none there is no narrower list than all. */
export function runsOf(search: AnalyticsSearch, group: Split | Use | undefined, key: string | null): RunFilter {
  const choice = choiceOf(search)
  if (group === undefined || key === null) return choice
  if (isLabelKey(group)) return withLabel(choice, `${labelKeyOf(group)}:${key}`)
  switch (group) {
    case 'agent':
    case 'model':
      return { ...choice, [group]: key }
    case 'type':
    case 'mode':
    case 'status':
      return { ...choice, ...readRunChoice({ [group]: key }) }
    case 'task_type':
    case 'purpose':
    case 'run':
      return choice
  }
}

/** Whether a list of runs can be of one key of the group. */
export const leadsToRuns = (group: Split | Use): boolean =>
  group !== 'task_type' && group !== 'purpose' && group !== 'run'

export const groupWords = (group: Split | Use): string =>
  isLabelKey(group)
    ? `label ${labelKeyOf(group)}`
    : (({ ...SPLITS, ...USES } as Readonly<Record<string, string>>)[group] ?? group)

export type SeriesKey = Readonly<Pick<RunStats['series'][number], 'key' | 'rest'>>
export const seriesName = ({ key, rest }: SeriesKey): string => (rest ? 'others' : (key ?? 'none'))

export const groupTitle = (group: Split | Use): string => {
  const words = groupWords(group)
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}
