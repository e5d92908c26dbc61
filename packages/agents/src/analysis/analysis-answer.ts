import { COMPLEXITIES, REQUEST_TYPES, ROLE_PATTERN, issuesOf } from '@flotilla/domain'
import { readJsonText } from '@flotilla/llm'
import * as v from 'valibot'
import type { ReadAnswer } from '../ask-model.ts'

export const AnalysisAnswerSchema = v.strictObject({
  type: v.picklist(REQUEST_TYPES),
  confidence: v.number(),
  complexity: v.picklist(COMPLEXITIES),
  requirements: v.array(v.strictObject({ text: v.string(), source: v.picklist(['explicit', 'inferred']) })),
  roles: v.array(v.pipe(v.string(), v.description('a lower-case letter, then a-z, 0-9 and "-"'))),
  warnings: v.array(v.string()),
})
export type AnalysisAnswer = v.InferOutput<typeof AnalysisAnswerSchema>

const MAX_ITEMS = 40
const MAX_CHARS = 500
const clean = (text: string): string =>
  text.replaceAll('\u0000', '').toWellFormed().trim().slice(0, MAX_CHARS).toWellFormed()

/** Reads a model's understanding of a request; sizes are cut to what a record should hold. */
export function readAnalysisAnswer(text: string): ReadAnswer<AnalysisAnswer> {
  const json = readJsonText(text)
  if (!json.ok) return { ok: false, issues: [{ path: '', message: json.message }] }
  const parsed = v.safeParse(AnalysisAnswerSchema, json.value)
  if (!parsed.success) return { ok: false, issues: issuesOf(parsed.issues) }
  const answer = parsed.output
  const bad = answer.roles.findIndex((role) => !ROLE_PATTERN.test(role))
  if (bad >= 0)
    return {
      ok: false,
      issues: [{ path: `/roles/${bad}`, message: `"${clean(answer.roles[bad] ?? '')}" is not a role` }],
    }
  return {
    ok: true,
    value: {
      ...answer,
      confidence: Math.min(1, Math.max(0, answer.confidence)),
      requirements: answer.requirements
        .map(({ text: said, source }) => ({ text: clean(said), source }))
        .filter((requirement) => requirement.text !== '')
        .slice(0, MAX_ITEMS),
      roles: [...new Set(answer.roles)].slice(0, MAX_ITEMS),
      warnings: answer.warnings
        .map(clean)
        .filter((warning) => warning !== '')
        .slice(0, MAX_ITEMS),
    },
  }
}
