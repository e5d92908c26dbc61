import type { AttemptKind } from '@flotilla/domain'
import { replyToolCalls } from '@flotilla/llm'
import type { ToolRegistry } from '../tools/tool-registry.ts'
import type { PastTurn } from './attempt-outcome.ts'
import { askedIn } from './conversation.ts'

/** An attempt before this one, with the turns that it recorded. */
export type PastAttempt = Readonly<{ number: number; kind: AttemptKind; turns: readonly PastTurn[] }>

/**
 * The turns of the conversation that an attempt of this kind goes on with, in order; empty where it begins one. `past` holds
 * the attempts before it in order, from the last first or revision on. Recoveries and continuations go on. A retry begins
 * anew, for what went wrong may lie in the conversation; but not where unsafe calls have taken effect in it, or may have:
 * whoever did not know of them would make them again.
 */
export function conversationBefore(
  past: readonly PastAttempt[],
  kind: AttemptKind,
  tools: ToolRegistry,
): readonly PastTurn[] {
  if (kind === 'first' || kind === 'revision') return []
  let turns: readonly PastTurn[] = []
  for (const attempt of past) turns = withTurns(beforeAttempt(turns, attempt.kind, tools), attempt.turns)
  return beforeAttempt(turns, kind, tools)
}

function beforeAttempt(turns: readonly PastTurn[], kind: AttemptKind, tools: ToolRegistry): readonly PastTurn[] {
  if (kind !== 'retry') return turns
  if (!turns.some((turn) => hasUnsafeEffect(turn, tools))) return []
  // A last turn without a call is the answer that failed: it is asked for again.
  return turns.slice(0, 1 + turns.findLastIndex((turn) => replyToolCalls(turn.reply).length > 0))
}

const hasUnsafeEffect = (turn: PastTurn, tools: ToolRegistry): boolean =>
  askedIn(turn).some(
    ({ part, past }) => past !== null && past.status !== 'failed' && tools.get(part.name)?.retry === 'unsafe',
  )

/** A turn that was asked for again stands in the place of the one that failed, and of what came after it. */
const withTurns = (turns: readonly PastTurn[], more: readonly PastTurn[]): readonly PastTurn[] => {
  const [first] = more
  return first === undefined ? turns : [...turns.filter(({ turn }) => turn < first.turn), ...more]
}
