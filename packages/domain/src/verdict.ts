import * as v from 'valibot'
import { JsonObjectSchema } from './json.ts'

const nonNegative = v.pipe(v.number(), v.integer(), v.minValue(0))
const text = v.pipe(v.string(), v.minLength(1, 'expected text'), v.maxLength(8_000))

/** Deterministic checks of an output. `matches` is an RE2 expression, `cel` a CEL expression over `output`. */
export const RuleSchema = v.variant('rule', [
  v.strictObject({ rule: v.literal('minLength'), value: nonNegative }),
  v.strictObject({ rule: v.literal('maxLength'), value: nonNegative }),
  v.strictObject({ rule: v.literal('contains'), value: text }),
  v.strictObject({ rule: v.literal('matches'), value: text }),
  v.strictObject({ rule: v.literal('jsonSchema'), schema: JsonObjectSchema }),
  v.strictObject({
    rule: v.literal('citations'),
    value: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  }),
  v.strictObject({ rule: v.literal('artifact'), name: text, mediaType: v.optional(text) }),
  v.strictObject({ rule: v.literal('cel'), value: text }),
])
export type Rule = v.InferOutput<typeof RuleSchema>

export const JudgeSchema = v.strictObject({
  rule: v.exactOptional(v.never('a criterion is either a "rule" or a "judge"')),
  judge: text,
  threshold: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0.7),
  /** How often the judge is asked; the middle score counts. One where it is left out. */
  samples: v.exactOptional(
    v.pipe(
      v.number(),
      v.integer('expected a whole number of samples'),
      v.minValue(1, 'expected 1 to 9 samples'),
      v.maxValue(9, 'expected 1 to 9 samples'),
    ),
  ),
})
export type Judge = v.InferOutput<typeof JudgeSchema>

/** A variant rather than a union: what is wrong with a criterion is then told at its own path. */
export const CriterionSchema = v.pipe(
  v.variant(
    'rule',
    [RuleSchema, JudgeSchema],
    'expected a criterion: "rule" is one of minLength, maxLength, contains, matches, jsonSchema, citations, artifact, cel, or it is a "judge"',
  ),
  v.metadata({ ref: 'Criterion' }),
)
export type Criterion = v.InferOutput<typeof CriterionSchema>

export const isJudge = (criterion: Criterion): criterion is Judge => 'judge' in criterion

export const VERDICTS = ['accepted', 'revise', 'rejected'] as const
export type VerdictDecision = (typeof VERDICTS)[number]

const unit = v.pipe(v.number(), v.minValue(0), v.maxValue(1))
const SampleSchema = v.object({ rationale: v.string(), score: unit })
/** One answer of a judge that is asked several times. */
export type Sample = Readonly<v.InferOutput<typeof SampleSchema>>

/** One criterion's outcome; `rationale` is written before the score. `score` is 0–1, of several samples the middle one. */
export const FindingSchema = v.pipe(
  v.object({
    criterion: v.string(),
    by: v.picklist(['rule', 'judge']),
    rationale: v.string(),
    score: unit,
    passed: v.boolean(),
    samples: v.exactOptional(v.array(SampleSchema)),
  }),
  v.metadata({ ref: 'Finding' }),
)
export type Finding = Readonly<v.InferOutput<typeof FindingSchema>>

export type Verdict = Readonly<{ decision: VerdictDecision; score: number; findings: readonly Finding[] }>

/** All passed: accepted. Some failed: revise while revisions are left, else rejected. The score is the findings' mean. */
export function decideVerdict(findings: readonly Finding[], revisions: number, maxRevisions: number): Verdict {
  const score = findings.length === 0 ? 1 : findings.reduce((sum, f) => sum + f.score, 0) / findings.length
  if (findings.every((f) => f.passed)) return { decision: 'accepted', score, findings }
  return { decision: revisions < maxRevisions ? 'revise' : 'rejected', score, findings }
}
