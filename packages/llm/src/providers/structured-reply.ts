import type { Json } from '@flotilla/domain'
import { checkAgainstSchema } from '../json-schema.ts'
import {
  replyText,
  type ModelFailure,
  type ModelRequest,
  type ReplyPart,
  type StopReason,
  type TokenUsage,
} from '../port.ts'
import { formatIssues } from '../structured.ts'
import { modelFailure, type CallIdentity } from './failure.ts'

type Ended = { content: readonly ReplyPart[]; stopReason: StopReason; usage: TokenUsage; usageEstimated?: true }

/** Holds a reply that ended normally to the schema it was asked for; undefined where none was asked for. */
export async function checkStructuredReply(
  who: CallIdentity,
  request: ModelRequest,
  ended: Ended,
): Promise<{ ok: true; value: Json } | ModelFailure | undefined> {
  const { responseSchema } = request
  if (!responseSchema || ended.stopReason !== 'end') return undefined
  const text = replyText(ended)
  const check = await checkAgainstSchema(text, responseSchema.schema)
  if (check.ok) return check
  return modelFailure(
    who,
    'model_malformed',
    `did not answer with JSON of the schema "${responseSchema.name}" (${formatIssues(check.issues)})`,
    {
      raw: text,
      usage: ended.usage,
      ...(ended.usageEstimated && { usageEstimated: true }),
      todo: 'try again, or choose a model that supports structured output',
    },
  )
}
