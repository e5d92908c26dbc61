import type { LoadMedia, ReadDocument, SearchKnowledge } from '../brief.ts'
import type { CountTokens } from '../context/context-record.ts'
import type { CallModel, CallRefusal } from '../model-call.ts'
import type { ToolRegistry } from '../tools/tool-registry.ts'
import type { ToolCallFinish, ToolCallStart, Turn } from './attempt-outcome.ts'

/** What an attempt uses. The writes answer false when the fence is lost: then nothing more may be done. */
export type ExecutorDeps = Readonly<{
  call: CallModel
  /** All tools there are; the task's names choose among them. */
  tools: ToolRegistry
  searchKnowledge: SearchKnowledge
  readDocument: ReadDocument
  /** Asked before each call: no turn holds the bytes. */
  loadMedia: LoadMedia
  /** Before the turn's tool calls run. */
  recordTurn: (turn: Turn) => Promise<boolean>
  /** What the budgets refuse is not in the ledger, and may not be dispatched. */
  startToolCall: (call: ToolCallStart) => Promise<boolean | CallRefusal>
  finishToolCall: (call: ToolCallFinish) => Promise<boolean>
  onText?: (delta: string, turn: number) => void
  /** The last so many characters of them are void: the turn's answer begins anew. */
  onRestart?: (characters: number, turn: number) => void
  now: () => Date
  countTokens: CountTokens
  /** Room for the system text and the first message together. */
  contextTokens: number
}>
