import type { Finding, Issue, Judge, Output, Usage } from '@flotilla/domain'
import { answerSchema } from '../answer-schema.ts'
import { askModel, issueText, type AskDeps, type AskFailed, type AskTurn } from '../ask-model.ts'
import type { TaskBrief } from '../brief.ts'
import { assembleVerifierContext } from '../context/assemble-verifier.ts'
import type { ContextRecord, CountTokens } from '../context/context-record.ts'
import { escapeText, tag } from '../context/markup.ts'
import { JudgeAnswerSchema, readJudgeAnswer } from './judge-answer.ts'

export type JudgeDeps = AskDeps &
  Readonly<{
    countTokens: CountTokens
    /** Tokens of the prompt at most: the model's context less its answer. */
    tokenBudget: number
  }>

export type JudgeInput = Readonly<{
  criterion: Judge
  goal: TaskBrief['goal']
  task: Pick<TaskBrief['task'], 'key' | 'title' | 'instructions'>
  output: Output
  artifacts: readonly Readonly<{ name: string; mediaType: string; content: string }>[]
  /** Markers of the output that lead nowhere. */
  unresolved?: readonly string[]
  signal: AbortSignal
}>

type Asked = Readonly<{ turns: readonly AskTurn[]; usage: Usage; context: ContextRecord; simulated: boolean }>
/** A judge that fails, or answers nothing usable twice, is a value too: it says nothing about the output. */
export type JudgeOutcome = Asked & (Readonly<{ ok: true; finding: Finding }> | AskFailed)

const MAX_OUTPUT_TOKENS = 2_000
const MAX_REPAIRS = 1

/**
 * Asks a model how well an output meets one criterion, given what was to be done, the output, its artifacts and what
 * stands at the places it cites. The criterion's threshold decides; the model only scores.
 */
export async function judge(deps: JudgeDeps, input: JudgeInput): Promise<JudgeOutcome> {
  const { criterion, goal, task, output, artifacts, unresolved, signal } = input
  const { system, firstMessage, record } = assembleVerifierContext({
    goal,
    task,
    criteria: [criterion.judge],
    output,
    artifacts,
    ...(unresolved === undefined ? {} : { unresolved }),
    tokenBudget: deps.tokenBudget,
    countTokens: deps.countTokens,
  })
  const asked = await askModel(deps, {
    system,
    prompt: firstMessage,
    responseSchema: { name: 'judgement', schema: answerSchema(JudgeAnswerSchema) },
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    read: readJudgeAnswer,
    repair: askAgain,
    maxRepairs: MAX_REPAIRS,
    invalid: { code: 'model_malformed', what: 'judgement' },
    signal,
  })
  const { turns, usage } = asked
  const facts = { turns, usage, context: record, simulated: deps.simulated }
  if (!asked.ok) return { ok: false, failure: asked.failure, issues: asked.issues, refusal: asked.refusal, ...facts }
  const { rationale, score } = asked.value
  return {
    ok: true,
    finding: { criterion: criterion.judge, by: 'judge', rationale, score, passed: score >= criterion.threshold },
    ...facts,
  }
}

function askAgain(issues: readonly Issue[]): string {
  const list = issues.map((issue) => tag('issue', {}, escapeText(issueText(issue))))
  return `${tag('issues', {}, list.join('\n'))}\n\nYour answer could not be used. Answer with one JSON object: "rationale", then "score" from 0 to 1.`
}
