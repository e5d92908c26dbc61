import { NO_USAGE, addUsage, type Failure, type Output, type Usage } from '@flotilla/domain'
import { replyText, replyToolCalls, type Message, type ModelReply, type UserMessage } from '@flotilla/llm'
import type { TaskBrief } from '../brief.ts'
import { assembleContext, retrievalQuery } from '../context/assemble-task.ts'
import type { ContextRecord } from '../context/context-record.ts'
import { firstMessageOf, shownRecord } from '../context/show-media.ts'
import type { CallRefusal } from '../model-call.ts'
import { createToolRegistry, toolSpecs, type ToolRegistry } from '../tools/tool-registry.ts'
import { endOfAbort, type StopSignals } from './abort-reason.ts'
import type { AttemptOutcome, PastTurn, Turn } from './attempt-outcome.ts'
import {
  afterTurn,
  askedIn,
  beginConversation,
  cutAnswer,
  cutOffsIn,
  effectIdOf,
  goOn,
  resumeConversation,
  succeededIn,
  toolResults,
  type AskedToolCall,
  type Conversation,
} from './conversation.ts'
import type { ExecutorDeps } from './executor-deps.ts'
import { callModel, canGoOn, replyFailure } from './model-turn.ts'
import { standstillFailure, standstillNote, turnsStandingStill } from './no-progress.ts'
import { resolveCitations } from './resolve-citations.ts'
import { runToolCalls } from './run-tool-calls.ts'
import { limitTurn } from './turn-limit.ts'

export type AttemptInput = StopSignals &
  Readonly<{
    brief: TaskBrief
    /** Turns of the conversation that goes on, in order, as `conversationBefore` tells them; else empty. */
    history: readonly PastTurn[]
  }>

const PASSAGES = 12

/**
 * Runs one attempt at a task: the turn loop. A turn that asks for tools is recorded before they run; the turn that answers
 * is handed back, so that the settlement commits it together with the output. Rejects only for bugs and broken ports.
 */
export async function executeAttempt(deps: ExecutorDeps, input: AttemptInput): Promise<AttemptOutcome> {
  const attempt = new Attempt(deps, input)
  const unknown = input.brief.task.tools.filter((name) => !deps.tools.has(name))
  if (unknown.length > 0) {
    const message = `task "${input.brief.task.key}" asks for unknown tools: ${unknown.join(', ')}; there are: ${[...deps.tools.keys()].join(', ')}`
    return attempt.failed({ code: 'configuration', message })
  }
  return attempt.run()
}

/** What comes next. `said` is the beginning of an answer that was cut off and now goes on. */
type Pending = Readonly<{
  conversation: Conversation
  delta: readonly Message[]
  context: ContextRecord | null
  said: string
}>

/** The state of one attempt: what it has used and written so far. */
class Attempt {
  private readonly deps: ExecutorDeps
  private readonly input: AttemptInput
  private readonly tools: ToolRegistry
  private readonly artifacts: Set<string>
  private used: Usage = NO_USAGE
  private unrecorded: Usage = NO_USAGE

  constructor(deps: ExecutorDeps, input: AttemptInput) {
    this.deps = deps
    this.input = input
    this.tools = toolsOf(deps.tools, input.brief)
    this.artifacts = new Set(
      succeededIn(input.history).flatMap(({ name, args }) => deps.tools.get(name)?.artifacts(args) ?? []),
    )
  }

  async run(): Promise<AttemptOutcome> {
    const begun = await this.begin()
    if (isOutcome(begun)) return begun
    let pending = begun
    for (;;) {
      const next = await this.turn(pending)
      if (isOutcome(next)) return next
      pending = next
    }
  }

  failed(failure: Failure, lastTurn?: Turn): AttemptOutcome {
    return { kind: 'failed', failure, ...this.spent(), ...(lastTurn && { lastTurn }) }
  }

  private spent(): { usage: Usage; unrecorded: Usage } {
    return { usage: this.used, unrecorded: this.unrecorded }
  }

  /** No call was made. What has stopped the claim tells how the attempt ends; else the task waits, or its budget is used up. */
  private refused(refusal: CallRefusal): AttemptOutcome {
    const stopped = this.stopped()
    if (stopped !== null) return stopped
    if (refusal.kind === 'stopped') return this.failed({ code: 'cancelled', message: refusal.why })
    return { kind: 'refused', refusal, ...this.spent() }
  }

  private aborted(): AttemptOutcome {
    return { ...endOfAbort(this.input.signal), ...this.spent() }
  }

  /** How the attempt ends here, at a turn's boundary, if it is to stop. */
  private stopped(): AttemptOutcome | null {
    if (this.input.signal.aborted) return this.aborted()
    return this.input.yielding.aborted ? { kind: 'released', ...this.spent() } : null
  }

  /** A new conversation, or the earlier one with its open tool calls answered. */
  private async begin(): Promise<Pending | AttemptOutcome> {
    const { brief, history } = this.input
    const stopped = this.stopped()
    if (stopped !== null) return stopped
    const resumed = resumeConversation(history)
    if (resumed !== null) return this.resume(resumed, history.at(-1) as PastTurn)
    const passages = hasText(brief) ? await this.deps.searchKnowledge(retrievalQuery(brief), PASSAGES) : []
    const { system, firstMessage, shared, record } = assembleContext({
      brief,
      passages,
      tools: [...this.tools.keys()],
      tokenBudget: this.deps.contextTokens,
      countTokens: this.deps.countTokens,
    })
    const shown = shownRecord(brief.documents)
    return {
      conversation: beginConversation(system, brief.attempt.number),
      delta: [firstMessageOf(firstMessage, shared, brief.documents)],
      context: shown === null ? record : { ...record, sections: [...record.sections, shown] },
      said: '',
    }
  }

  private async resume(conversation: Conversation, last: PastTurn): Promise<Pending | AttemptOutcome> {
    const calls = askedIn(last)
    if (calls.length === 0) return this.next(conversation, goOn(), cutAnswer(this.input.history))
    return this.answerCalls(conversation, calls)
  }

  /** The turn after `message`; a conversation that stands still is told so, and ends when that does not help. */
  private next(conversation: Conversation, message: UserMessage, said: string): Pending | AttemptOutcome {
    const still = turnsStandingStill([...conversation.messages, message])
    const failure = standstillFailure(still)
    if (failure !== null) return this.failed(failure)
    const note = standstillNote(still)
    const told = note === null ? message : { ...message, content: [...message.content, note] }
    return { conversation, delta: [told], context: null, said }
  }

  private async turn(pending: Pending): Promise<Pending | AttemptOutcome> {
    const { brief, signal } = this.input
    const { conversation, delta, context } = pending
    const stopped = this.stopped()
    if (stopped !== null) return stopped
    const tooMany = tooManyTurns(brief, conversation.turns - cutOffsIn(this.input.history))
    if (tooMany !== null) return this.failed(tooMany)
    const limit = limitTurn(signal, conversation.turns + 1, brief.task.turnTimeoutSeconds)
    const outcome = await callModel(this.deps, {
      conversation,
      delta,
      context,
      tools: this.offered(conversation),
      maxOutputTokens: brief.agent.maxOutputTokens,
      settings: brief.agent.modelSettings,
      cacheKey: brief.runId,
      signal: limit.signal,
    }).finally(limit.clear)
    this.count(outcome.usage)
    if (outcome.kind === 'reply') return this.afterReply(pending, outcome.turn, outcome.reply)
    if (signal.aborted) return this.aborted()
    if (outcome.kind === 'refused') return this.refused(outcome.refusal)
    return this.failed(limit.failure() ?? outcome.failure)
  }

  private async afterReply(
    { conversation, delta, said }: Pending,
    turn: Turn,
    reply: ModelReply,
  ): Promise<Pending | AttemptOutcome> {
    const failure = replyFailure(reply, this.input.brief.agent.maxOutputTokens)
    if (failure !== null && canGoOn(reply)) {
      const cutOffs = cutOffsIn(this.input.history) + 1
      return { kind: 'cut_off', failure, cutOffs, lastTurn: turn, ...this.spent() }
    }
    if (failure !== null) return this.failed(failure, turn)
    const parts = replyToolCalls(reply)
    if (parts.length === 0) return this.output(turn, said + replyText(reply))
    if (!(await this.deps.recordTurn(turn))) return { kind: 'lost', ...this.spent() }
    this.unrecorded = NO_USAGE
    const attempt = this.input.brief.attempt.number
    const calls = parts.map((part, n) => ({ attempt, turn: turn.turn, n, part, past: null }))
    return this.answerCalls(afterTurn(conversation, delta, reply.content), calls)
  }

  private async answerCalls(
    conversation: Conversation,
    calls: readonly AskedToolCall[],
  ): Promise<Pending | AttemptOutcome> {
    const { brief, signal } = this.input
    if (signal.aborted) return this.aborted()
    const done = await runToolCalls(this.deps, {
      calls,
      tools: this.tools,
      effectId: (call) => effectIdOf(brief.runId, brief.task.key, conversation.origin, call.turn, call.n),
      signal,
    })
    this.used = addUsage(this.used, { ...NO_USAGE, toolCalls: done.calls })
    for (const name of done.artifacts) this.artifacts.add(name)
    switch (done.kind) {
      case 'done':
        return this.next(conversation, toolResults(done.results), '')
      case 'await':
        return { kind: 'await', unknown: done.unknown, ...this.spent() }
      case 'failed':
        return this.failed(done.failure)
      case 'refused':
        return this.refused(done.refusal)
      case 'lost':
        return { kind: 'lost', ...this.spent() }
      case 'aborted':
        return this.aborted()
    }
  }

  private async output(lastTurn: Turn, text: string): Promise<AttemptOutcome> {
    const { citations } = await resolveCitations(text, this.deps.readDocument)
    const output: Output = {
      text,
      artifacts: [...this.artifacts],
      citations: [...citations],
      simulated: lastTurn.reply.simulated,
    }
    return { kind: 'output', output, lastTurn, ...this.spent() }
  }

  private count(usage: Usage): void {
    this.used = addUsage(this.used, usage)
    this.unrecorded = addUsage(this.unrecorded, usage)
  }

  /** An agent with one turn can only answer. A conversation that has called tools has to keep them defined. */
  private offered(conversation: Conversation) {
    const onlyTurn = this.input.brief.agent.maxTurns === 1 && conversation.turns === 0
    return onlyTurn ? [] : toolSpecs(this.deps.tools, [...this.tools.keys()])
  }
}

const isOutcome = (value: Pending | AttemptOutcome): value is AttemptOutcome => 'kind' in value

function toolsOf(all: ToolRegistry, brief: TaskBrief): ToolRegistry {
  const named = brief.task.tools.flatMap((name) => all.get(name) ?? [])
  return createToolRegistry([...new Set(named)].filter((tool) => !tool.needsDocuments || hasText(brief)))
}

/** Images and PDFs are shown: there is nothing in them to search or to read. */
const hasText = ({ documents }: TaskBrief): boolean => documents.some(({ mediaType }) => mediaType === null)

/** `turns`: those so far, but for the cut-off ones, which have a cap of their own. */
function tooManyTurns(brief: TaskBrief, turns: number): Failure | null {
  const { maxTurns, name } = brief.agent
  if (turns < maxTurns) return null
  return {
    code: 'too_many_turns',
    message: `${name} gave no answer within ${maxTurns} turns: raise the agent's maxTurns, or ask for less`,
  }
}
