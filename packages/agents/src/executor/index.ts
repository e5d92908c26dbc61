export { AttemptAbort, type AbortKind, type StopSignals } from './abort-reason.ts'
export type {
  AttemptOutcome,
  PastToolCall,
  PastTurn,
  ToolCallFinish,
  ToolCallKey,
  ToolCallStart,
  Turn,
  TurnReply,
  TurnRequest,
  UnknownCall,
} from './attempt-outcome.ts'
export { executeAttempt, type AttemptInput } from './execute-attempt.ts'
export { conversationBefore, type PastAttempt } from './past-conversation.ts'
export type { ExecutorDeps } from './executor-deps.ts'
export {
  resolveCitations,
  type ResolvedCitation,
  type ResolvedCitations,
  type UnresolvedCitation,
} from './resolve-citations.ts'
