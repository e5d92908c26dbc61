import type { ModelProvider, TokenUsage } from '@flotilla/llm'
import type { ReadDocument, SearchKnowledge, Spending } from '../brief.ts'
import type { CountTokens } from '../context/context-record.ts'
import type { ToolRegistry } from '../tools/tool-registry.ts'
import type { ToolCallFinish, ToolCallStart, Turn } from './attempt-outcome.ts'

/** What an attempt uses. The three writes answer false when the fence is lost: then nothing more may be done. */
export type ExecutorDeps = Readonly<{
  provider: ModelProvider
  /** The provider's own name of the model. */
  model: string
  /** Its name on record, such as `offline:default`. */
  modelRef: string
  /** US dollars of one call. */
  costOf: (usage: TokenUsage) => number
  /** All tools there are; the task's names choose among them. */
  tools: ToolRegistry
  searchKnowledge: SearchKnowledge
  readDocument: ReadDocument
  spending: () => Promise<Spending>
  /** Before the turn's tool calls run. */
  recordTurn: (turn: Turn) => Promise<boolean>
  startToolCall: (call: ToolCallStart) => Promise<boolean>
  finishToolCall: (call: ToolCallFinish) => Promise<boolean>
  onText?: (delta: string, turn: number) => void
  now: () => Date
  countTokens: CountTokens
  /** Room for the system text and the first message together. */
  contextTokens: number
}>
