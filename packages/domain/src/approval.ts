import * as v from 'valibot'
import { JsonObjectSchema, storable } from './json.ts'

export const APPROVAL_STATUSES = ['pending', 'decided', 'expired', 'withdrawn'] as const
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number]

/** `tool_outcome`: whether an unsafe tool call took effect is unknown. */
export const APPROVAL_KINDS = ['tool_outcome'] as const
export type ApprovalKind = (typeof APPROVAL_KINDS)[number]

/** happened: the call took effect; repeat: make it once more, under the same effect id; skip: go on as if it had failed. */
export const OUTCOME_DECISIONS = ['happened', 'repeat', 'skip'] as const
export type OutcomeDecision = (typeof OUTCOME_DECISIONS)[number]

export const DEFAULT_APPROVAL_HOURS = 24

const text = (max: number) =>
  v.pipe(v.string('expected text'), v.maxLength(max, `expected at most ${max.toLocaleString('en')} characters`))

/** The tool call that an approval of the kind `tool_outcome` is about: where it stands in the ledger, and what was asked. */
export const OutcomeSubjectSchema = v.pipe(
  v.object({
    tool: v.string(),
    arguments: JsonObjectSchema,
    effectId: v.string(),
    attempt: v.number(),
    turn: v.number(),
    n: v.number(),
    reason: v.string(),
  }),
  v.metadata({ ref: 'OutcomeSubject' }),
)
export type OutcomeSubject = v.InferOutput<typeof OutcomeSubjectSchema>

export const ApprovalSchema = v.pipe(
  v.object({
    id: v.string(),
    runId: v.string(),
    taskKey: v.nullable(v.string()),
    kind: v.picklist(APPROVAL_KINDS),
    status: v.picklist(APPROVAL_STATUSES),
    subject: OutcomeSubjectSchema,
    decision: v.nullable(v.picklist(OUTCOME_DECISIONS)),
    result: v.nullable(v.string()),
    comment: v.nullable(v.string()),
    decidedBy: v.nullable(v.string()),
    requestedAt: v.string(),
    expiresAt: v.string(),
    decidedAt: v.nullable(v.string()),
  }),
  v.metadata({ ref: 'Approval' }),
)
export type ApprovalView = v.InferOutput<typeof ApprovalSchema>

export const ApprovalDecisionSchema = v.pipe(
  v.strictObject({
    decision: v.picklist(
      OUTCOME_DECISIONS,
      (i) => `expected one of ${OUTCOME_DECISIONS.join(', ')}, found ${i.received}`,
    ),
    result: v.nullish(text(24_000), null),
    comment: v.nullish(text(2_000), null),
    by: v.nullish(text(200), null),
  }),
  v.forward(
    v.partialCheck(
      [['decision'], ['result']],
      ({ decision, result }) => decision === 'happened' || result === null,
      'expected a result only with the decision "happened": it is what the tool call answered',
    ),
    ['result'],
  ),
  storable(),
  v.metadata({ ref: 'ApprovalDecision' }),
)
export type ApprovalDecision = v.InferOutput<typeof ApprovalDecisionSchema>
export type ApprovalDecisionInput = v.InferInput<typeof ApprovalDecisionSchema>

type Standing = Pick<ApprovalView, 'id' | 'status' | 'decision' | 'result' | 'decidedBy'>

/** What a decision does to an approval as it stands: take effect, nothing because the same was decided already, or a 409. */
export function decideApproval(
  standing: Standing,
  asked: Pick<ApprovalDecision, 'decision' | 'result'>,
): 'apply' | 'already' | 'forbidden' {
  if (standing.status === 'pending') return 'apply'
  const same = standing.decision === asked.decision && standing.result === asked.result
  return standing.status === 'decided' && same ? 'already' : 'forbidden'
}

/** The sentence that a refused decision answers with: what was decided, and that nothing else is. */
export function describeDecided({ id, status, decision, result, decidedBy }: Standing): string {
  const by = decidedBy === null ? '' : ` by ${decidedBy}`
  switch (status) {
    case 'pending':
      return `approval ${id} is pending; allowed now: ${OUTCOME_DECISIONS.join(', ')}`
    case 'decided':
      return `approval ${id} is decided: "${decision}"${by}${decision === 'happened' ? resultText(result) : ''}; a decision is not changed`
    case 'expired':
      return `approval ${id} has expired, and "${decision}" was taken as decided; a decision is not changed`
    case 'withdrawn':
      return `approval ${id} is withdrawn, since its run has ended; nothing is to be decided`
  }
}

const SHOWN_RESULT = 200

function resultText(result: string | null): string {
  if (result === null) return ', without a result'
  const shown = result.length > SHOWN_RESULT ? `${result.slice(0, SHOWN_RESULT)}…` : result
  return `, with the result ${JSON.stringify(shown)}`
}

/** What the model is told of a call whose outcome a person has decided; null: it is made once more. */
export function decidedAnswer(
  tool: string,
  { decision, result, comment }: Pick<ApprovalDecision, 'decision' | 'result' | 'comment'>,
  expired: boolean,
): Readonly<{ status: 'succeeded' | 'failed'; result: string }> | null {
  switch (decision) {
    case 'repeat':
      return null
    case 'happened':
      return {
        status: 'succeeded',
        result:
          result ?? `${tool} took effect, as a person has confirmed${remark(comment)}. What it answered is not known.`,
      }
    case 'skip': {
      const who = expired ? 'nobody decided in time' : `a person decided not to repeat it${remark(comment)}`
      return {
        status: 'failed',
        result: `Whether this call of ${tool} took effect is unknown: contact was lost while it ran. It was not repeated: ${who}. Do not call it again for the same purpose; go on without it, and say so in your answer.`,
      }
    }
  }
}

const remark = (comment: string | null): string =>
  comment === null || comment.trim() === '' ? '' : ` ("${comment.trim()}")`
