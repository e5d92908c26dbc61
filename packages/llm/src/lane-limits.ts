import { ConfigurationError } from '@flotilla/domain'
import * as v from 'valibot'
import { METERS, type Charge, type Lane } from './gate/gate-state.ts'
import type { GateConfigOf } from './gate/rate-gate.ts'
import { formatModelName, isTable, modelKeyProblem, parseModelName } from './model-name.ts'
import { tableFaults } from './table-faults.ts'

const perMinuteText = ({ received }: { received: string }): string =>
  `expected a whole number per minute, from 1 on, found ${received}`
const perMinute = v.optional(
  v.pipe(
    v.number(perMinuteText),
    v.integer(perMinuteText),
    v.minValue(1, perMinuteText),
    v.maxValue(1e12, perMinuteText),
  ),
)
const LimitsSchema = v.pipe(
  v.custom<object>(isTable, 'expected an object of limits by model, found a list'),
  v.record(
    v.pipe(
      v.string(),
      v.check(
        (key) => modelKeyProblem(key) === null,
        ({ input }) => modelKeyProblem(input) ?? '',
      ),
    ),
    v.strictObject({ requests: perMinute, tokens: perMinute, inputTokens: perMinute, outputTokens: perMinute }),
    ({ received }) => `expected an object of limits by model, found ${received}`,
  ),
)

/**
 * The operator's limits per minute, by `provider:model` or by `provider:` for all its models, such as
 * `{"anthropic:claude-sonnet-5-5": {"requests": 50, "inputTokens": 30000}}`. The longest key that a model begins with
 * holds. Throws a ConfigurationError for anything else.
 */
export function readLaneLimits(limits: unknown): GateConfigOf {
  const read = v.safeParse(LimitsSchema, limits)
  if (!read.success) throw new ConfigurationError(problemOf(read.issues))
  const entries = Object.entries(read.output).toSorted(([a], [b]) => b.length - a.length)
  return (lane: Lane) => {
    const name = formatModelName(lane)
    const found = entries.find(
      ([key]) => name === key || (name.startsWith(key) && /[:-]$/.test(key)) || name.startsWith(`${key}-`),
    )
    return found ? { limits: onlyGiven(found[1]) } : {}
  }
}

/** Which of these limits, valid ones, hold for none of the models. */
export const limitsWithoutModel = (limits: Readonly<Record<string, unknown>>, models: readonly string[]): string[] =>
  Object.entries(limits).flatMap(([key, limit]) => {
    const limitsOf = readLaneLimits({ [key]: limit })
    const holds = models.some((model) => {
      const name = parseModelName(model)
      return name.ok && limitsOf({ ...name.value, key: '' }).limits !== undefined
    })
    return holds ? [] : [key]
  })

/** What is wrong with the operator's limits; null: nothing. */
export function laneLimitsProblem(limits: unknown): string | null {
  const read = v.safeParse(LimitsSchema, limits)
  return read.success ? null : problemOf(read.issues)
}

const problemOf = (issues: readonly v.BaseIssue<unknown>[]): string =>
  `${tableFaults(issues).join('; ')}: give ${METERS.join(', ')} per minute, or some of them`

const onlyGiven = (limits: Readonly<Partial<Record<keyof Charge, number | undefined>>>): Charge =>
  Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))
