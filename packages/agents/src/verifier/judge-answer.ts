import type { Issue } from '@flotilla/domain'
import { readJsonText } from '@flotilla/llm'
import * as v from 'valibot'
import type { ReadAnswer } from '../ask-model.ts'

/** The rationale comes first: a score written before its reasons is defended by them instead of following from them. */
export const JudgeAnswerSchema = v.strictObject({
  rationale: v.pipe(v.string(), v.description('what was found where, for and against')),
  score: v.pipe(v.number(), v.description('from 0, not met, to 1, fully met')),
})
export type JudgeAnswer = v.InferOutput<typeof JudgeAnswerSchema>

const MAX_RATIONALE_CHARS = 8_000

/** Reads a judge's answer; a list of one judgement counts as the judgement. */
export function readJudgeAnswer(text: string): ReadAnswer<JudgeAnswer> {
  const json = readJsonText(text)
  if (!json.ok) return refused([{ path: '', message: json.message }])
  const value = single(json.value)
  const parsed = v.safeParse(v.object(JudgeAnswerSchema.entries), value)
  if (!parsed.success)
    return refused(parsed.issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', message: issue.message })))
  const { rationale, score } = parsed.output
  if (score < 0 || score > 1)
    return refused([{ path: 'score', message: `expected a number from 0 to 1, found ${score}` }])
  if (rationale.trim() === '') return refused([{ path: 'rationale', message: 'expected the reasons for the score' }])
  return {
    ok: true,
    value: { rationale: rationale.slice(0, MAX_RATIONALE_CHARS).toWellFormed().replaceAll('\u0000', ''), score },
  }
}

const refused = (issues: readonly Issue[]) => ({ ok: false as const, issues })

function single(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'score' in value) return value
  const parts: unknown[] = Array.isArray(value) ? value : Object.values(value).flat()
  return parts.length === 1 ? parts[0] : value
}
