import {
  BUDGET_RANGES,
  CreateRunSchema,
  issuesOf,
  type CreateRunInput,
  type Issue,
  type RunDocument,
} from '@flotilla/domain'
import * as v from 'valibot'
import { partsOf } from '../format/pointer-words.ts'
import { sentence } from '../format/sentence.ts'
import { EMPTY_DRAFT, isEmptyDraft, type PlanDraft } from '../plan/plan-draft.ts'
import { isSound, nameOf } from '../plan/plan-flaws.ts'

/** What has been typed so far, as it was typed. */
export type RunForm = Readonly<{
  goal: string
  documents: readonly RunDocument[]
  mode: 'parallel' | 'sequential'
  costUsd: string
  tokens: string
  minutes: string
  onExceeded: 'degrade' | 'pause' | 'fail'
  priority: number
  /** `key:value`, separated by commas. */
  labels: string
  /** Empty: the planner makes one. */
  plan: PlanDraft
}>

export const EMPTY_FORM: RunForm = {
  goal: '',
  documents: [],
  mode: 'parallel',
  costUsd: '',
  tokens: '',
  minutes: '',
  onExceeded: 'degrade',
  priority: 5,
  labels: '',
  plan: EMPTY_DRAFT,
}

export type FormProblem = Readonly<{ field: keyof RunForm; message: string }>

/** What has to be put right before the run can be created, by the schema that the API holds it against. */
export function formProblems(form: RunForm): FormProblem[] {
  const labels = readLabels(form.labels)
  const found = v.safeParse(CreateRunSchema, {
    goal: form.goal,
    budget: {
      costUsd: amountOf(form, 'costUsd'),
      tokens: amountOf(form, 'tokens'),
      seconds: amountOf(form, 'minutes'),
    },
    labels: labels.labels,
  })
  const { problems } = placeIssues(found.success ? [] : issuesOf(found.issues), form)
  for (const part of labels.unread)
    problems.push({
      field: 'labels',
      message: `Expected labels as key:value, separated by commas, found “${short(part)}”.`,
    })
  // Checked as it is typed, with the flaws beneath it.
  if (!isEmptyDraft(form.plan) && !isSound(form.plan))
    problems.push({ field: 'plan', message: 'The plan has mistakes: see beneath it.' })
  const places = Object.values(FIELDS)
  return problems.toSorted((a, b) => places.indexOf(a.field) - places.indexOf(b.field))
}

/** The body of the request; of a form with problems, what of it can be asked about. */
export function requestOf(form: RunForm, start: boolean): CreateRunInput {
  const wrong = new Set(formProblems(form).map(({ field }) => field))
  const limits = Object.fromEntries(
    AMOUNTS.flatMap((field) => {
      const amount = wrong.has(field) ? undefined : amountOf(form, field)
      return typeof amount !== 'number' ? [] : [[DIMENSION_OF[field], amount]]
    }),
  )
  return {
    goal: form.goal,
    documents: [...form.documents],
    mode: form.mode,
    start,
    priority: form.priority,
    labels: wrong.has('labels') ? {} : readLabels(form.labels).labels,
    ...(Object.keys(limits).length === 0 ? {} : { budget: { ...limits, onExceeded: form.onExceeded } }),
    ...(wrong.has('plan') || isEmptyDraft(form.plan) ? {} : { plan: form.plan.plan }),
  }
}

export type Amount = 'costUsd' | 'tokens' | 'minutes'
const AMOUNTS: readonly Amount[] = ['costUsd', 'tokens', 'minutes']
export const DIMENSION_OF = { costUsd: 'costUsd', tokens: 'tokens', minutes: 'seconds' } as const

/** As the API takes it; text that is no number stays text, which the API's schema refuses by name. */
export function amountOf(form: RunForm, field: Amount): number | string | undefined {
  const text = form[field].trim()
  if (text === '') return undefined
  const value = Number(text)
  if (Number.isNaN(value)) return text
  return field === 'minutes' ? Math.ceil(value * 60) : value
}

type Labels = Readonly<{ labels: Record<string, string>; unread: readonly string[] }>

function readLabels(text: string): Labels {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const isPair = (part: string): boolean => part.indexOf(':') > 0
  const pairs = parts.filter(isPair).map((part): [key: string, value: string] => {
    const at = part.indexOf(':')
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()]
  })
  return { labels: Object.fromEntries(pairs), unread: parts.filter((part) => !isPair(part)) }
}

/** By what of the path names them, as they stand on the page. */
const FIELDS: Readonly<Record<string, keyof RunForm>> = {
  goal: 'goal',
  documents: 'documents',
  'budget/costUsd': 'costUsd',
  'budget/tokens': 'tokens',
  'budget/seconds': 'minutes',
  'budget/onExceeded': 'onExceeded',
  mode: 'mode',
  priority: 'priority',
  labels: 'labels',
  plan: 'plan',
}

/** Puts what is wrong with a request to the fields it was made from; `elsewhere` has no field here. */
export function placeIssues(
  issues: readonly Issue[],
  form: RunForm,
): { problems: FormProblem[]; elsewhere: readonly Issue[] } {
  const fieldOf = ({ path }: Issue): keyof RunForm | undefined => {
    const [first = '', second = ''] = partsOf(path)
    return FIELDS[first] ?? FIELDS[`${first}/${second}`]
  }
  return {
    problems: issues.flatMap((issue) => {
      const field = fieldOf(issue)
      return field === undefined ? [] : [{ field, message: messageOf(issue, field, form) }]
    }),
    elsewhere: issues.filter((issue) => fieldOf(issue) === undefined),
  }
}

function messageOf({ path, message }: Issue, field: keyof RunForm, form: RunForm): string {
  if (field === 'minutes') {
    const most = Math.floor(BUDGET_RANGES.seconds[1] / 60).toLocaleString('en')
    return `Expected a number of minutes, at most ${most} and at least a second, found ${short(form.minutes.trim())}.`
  }
  const [, second = '', third = ''] = partsOf(path)
  const named =
    field === 'labels'
      ? second
      : field === 'documents'
        ? form.documents[Number(second)]?.name
        : field === 'plan' && second === 'tasks'
          ? nameOf(form.plan.plan.tasks[Number(third)])
          : undefined
  return named === undefined || named === '' ? sentence(message) : sentence(`“${short(named)}”: ${message}`)
}

/** Of what the server refused, the problems of the fields that nobody has changed since. */
export const standingProblems = (refused: readonly FormProblem[], sent: RunForm, form: RunForm): FormProblem[] =>
  refused.filter(({ field }) => sent[field] === form[field])

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text)
