import type { RequestAnalysis } from '@flotilla/client'
import { count, duration, usd } from '../format/quantities.ts'
import { amountOf, DIMENSION_OF, type Amount, type RunForm } from './form.ts'

export type Estimate = RequestAnalysis['analysis']['estimate']

const TEXTS: Readonly<Record<Amount, (value: number) => string>> = {
  costUsd: usd,
  tokens: count,
  minutes: (seconds) => duration(seconds * 1_000),
}

/** Of a limit that the run may reach by its estimate; undefined where it is ample, or none. */
export function limitAdvice(form: RunForm, field: Amount, estimate: Estimate | undefined): string | undefined {
  const limit = amountOf(form, field)
  if (estimate === undefined || typeof limit !== 'number' || limit < 0) return undefined
  const { expected, high } = estimate[DIMENSION_OF[field]]
  const text = TEXTS[field]
  if (limit < expected)
    return `The limit is below what it is expected to take (about ${text(expected)}, up to ${text(high)}): the run will probably stop before its last task.`
  if (limit < high)
    return `The limit is within what it may take (up to ${text(high)}): the run may stop before its last task.`
  return undefined
}
