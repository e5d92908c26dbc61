import { GOAL_MAX_CHARS, type CreateRunInput, type RunDocument } from '@flotilla/domain'
import { EMPTY_DRAFT, isEmptyDraft, type PlanDraft } from '../plan/plan-draft.ts'
import { isSound } from '../plan/plan-flaws.ts'

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

/** What has to be put right before the run can be created. */
export function formProblems(form: RunForm): FormProblem[] {
  const problems: FormProblem[] = []
  const length = form.goal.trim().length
  if (length === 0) problems.push({ field: 'goal', message: 'Say in a sentence or more what is to be done.' })
  if (length > GOAL_MAX_CHARS)
    problems.push({
      field: 'goal',
      message: `The goal has ${length.toLocaleString('en')} characters; ${GOAL_MAX_CHARS.toLocaleString('en')} fit. Put long material into documents.`,
    })
  for (const field of ['costUsd', 'tokens', 'minutes'] as const)
    if (form[field].trim() !== '' && !(Number(form[field]) > 0))
      problems.push({ field, message: 'Expected a number above 0, or nothing for no limit.' })
  if (readLabels(form.labels) === null)
    problems.push({ field: 'labels', message: 'Expected labels as key:value, separated by commas.' })
  if (!isEmptyDraft(form.plan) && !isSound(form.plan))
    problems.push({ field: 'plan', message: 'The plan has mistakes: see beneath it.' })
  return problems
}

/** The body of the request; of a form with problems, what of it can be asked about. */
export function requestOf(form: RunForm, start: boolean): CreateRunInput {
  const [costUsd, tokens, minutes] = [limitOf(form.costUsd), limitOf(form.tokens), limitOf(form.minutes)]
  const limits = {
    ...(costUsd === null ? {} : { costUsd }),
    ...(tokens === null ? {} : { tokens: Math.ceil(tokens) }),
    ...(minutes === null ? {} : { seconds: Math.ceil(minutes * 60) }),
  }
  return {
    goal: form.goal,
    documents: [...form.documents],
    mode: form.mode,
    start,
    priority: form.priority,
    labels: readLabels(form.labels) ?? {},
    ...(Object.keys(limits).length === 0 ? {} : { budget: { ...limits, onExceeded: form.onExceeded } }),
    ...(isSound(form.plan) ? { plan: form.plan.plan } : {}),
  }
}

const limitOf = (text: string): number | null => (text.trim() !== '' && Number(text) > 0 ? Number(text) : null)

export function readLabels(text: string): Record<string, string> | null {
  const labels: Record<string, string> = {}
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue
    const [, key, value] = /^([\w.-]{1,63}):(.{0,200})$/.exec(part) ?? []
    if (key === undefined || value === undefined) return null
    labels[key] = value.trim()
  }
  return labels
}
