import {
  addUsage,
  crossingOf,
  NO_USAGE,
  savesNow,
  type BudgetAccount,
  type Crossing,
  type CrossingPolicy,
  type Finding,
  type Issue,
  type Judge,
  type Output,
  type Sample,
  type Usage,
} from '@flotilla/domain'
import { answerSchema } from '../answer-schema.ts'
import { askModel, issueText, type Ask, type AskDeps, type AskFailed, type AskTurn } from '../ask-model.ts'
import type { DocumentInfo, TaskBrief } from '../brief.ts'
import { assembleVerifierContext } from '../context/assemble-verifier.ts'
import type { ContextRecord, CountTokens } from '../context/context-record.ts'
import { escapeText, tag } from '../context/markup.ts'
import { JudgeAnswerSchema, readJudgeAnswer } from './judge-answer.ts'

export type JudgeDeps = AskDeps &
  Readonly<{
    countTokens: CountTokens
    /** Tokens of the prompt at most: the model's context less its answer. */
    tokenBudget: number
    /** What its calls are held on, as it is now; `degrade` may ask for fewer samples. */
    budget?: () => Readonly<{ policy: CrossingPolicy; accounts: readonly BudgetAccount[] }>
    /** What is found so far, after each sample but the last. */
    onSample?: (soFar: Finding) => Promise<unknown>
  }>

export type JudgeInput = Readonly<{
  criterion: Judge
  goal: TaskBrief['goal']
  task: Pick<TaskBrief['task'], 'key' | 'title' | 'instructions'>
  output: Output
  artifacts: readonly Readonly<{ name: string; mediaType: string; content: string }>[]
  /** Markers of the output that lead nowhere. */
  unresolved?: readonly string[]
  /** Images and PDFs that the task was shown. */
  shown?: readonly DocumentInfo[]
  /** Samples that were taken before: they are not asked for again. */
  taken?: readonly Sample[]
  signal: AbortSignal
}>

type Asked = Readonly<{ turns: readonly AskTurn[]; usage: Usage; context: ContextRecord; simulated: boolean }>
/** A judge that fails, or answers nothing usable twice, is a value too: it says nothing about the output. */
export type JudgeOutcome = Asked & (Readonly<{ ok: true; finding: Finding; saved: Crossing | null }> | AskFailed)

const MAX_OUTPUT_TOKENS = 2_000
const MAX_REPAIRS = 1

/**
 * Asks a model how well an output meets one criterion, given what was to be done, the output, its artifacts and what
 * stands at the places it cites. The criterion's threshold decides; the model only scores. Of several samples the middle
 * score counts. `saved`: why fewer samples were taken than the criterion asks for.
 */
export async function judge(deps: JudgeDeps, input: JudgeInput): Promise<JudgeOutcome> {
  const { criterion } = input
  const wanted = criterion.samples ?? 1
  const { ask, context } = askFor(deps, input)
  const samples: Sample[] = [...(input.taken ?? [])]
  const turns: AskTurn[] = []
  const asked = (): Asked => ({
    turns,
    usage: turns.reduce((sum, turn) => addUsage(sum, turn.usage), NO_USAGE),
    context,
    simulated: deps.simulated,
  })
  const found = (saved: Crossing | null) =>
    ({ ok: true, finding: findingOf(criterion, samples), saved, ...asked() }) as const
  while (samples.length < wanted) {
    const saves = samples.length > 0 ? savingNow(deps) : null
    if (saves !== null) return found(saves)
    const answer = await askModel(deps, ask)
    turns.push(...answer.turns)
    if (!answer.ok) {
      const stop = samples.length > 0 ? stopOf(deps, answer) : null
      if (stop !== null) return found(stop)
      return { ok: false, failure: answer.failure, issues: answer.issues, refusal: answer.refusal, ...asked() }
    }
    samples.push(answer.value)
    if (samples.length < wanted) await deps.onSample?.(findingOf(criterion, samples))
  }
  return found(null)
}

function savingNow({ budget }: JudgeDeps): Crossing | null {
  const now = budget?.()
  return now === undefined ? null : savesNow(now.policy, now.accounts)
}

/** Where a further sample does not fit and the policy is to save, those that were taken do. */
function stopOf({ budget }: JudgeDeps, { refusal }: AskFailed): Crossing | null {
  if (refusal?.kind !== 'exceeded' || refusal.stop === null) return null
  return budget?.().policy === 'degrade' ? crossingOf(refusal.stop) : null
}

function askFor(deps: JudgeDeps, input: JudgeInput): { ask: Ask<Sample>; context: ContextRecord } {
  const { criterion, goal, task, output, artifacts, unresolved, shown, signal } = input
  const { system, firstMessage, record } = assembleVerifierContext({
    goal,
    task,
    criteria: [criterion.judge],
    output,
    artifacts,
    ...(unresolved === undefined ? {} : { unresolved }),
    ...(shown === undefined ? {} : { shown }),
    tokenBudget: deps.tokenBudget,
    countTokens: deps.countTokens,
  })
  const ask: Ask<Sample> = {
    system,
    prompt: firstMessage,
    responseSchema: { name: 'judgement', schema: answerSchema(JudgeAnswerSchema) },
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    read: readJudgeAnswer,
    repair: askAgain,
    maxRepairs: MAX_REPAIRS,
    invalid: { code: 'model_malformed', what: 'judgement' },
    signal,
  }
  return { ask, context: record }
}

/** The middle sample's, of two the lower one: its reasons are those of its score. */
function findingOf(criterion: Judge, samples: readonly Sample[]): Finding {
  const sorted = samples.toSorted((a, b) => a.score - b.score)
  const { rationale, score } = sorted[Math.floor((sorted.length - 1) / 2)] as Sample
  return {
    criterion: criterion.judge,
    by: 'judge',
    rationale,
    score,
    passed: score >= criterion.threshold,
    ...((criterion.samples ?? 1) > 1 && { samples: [...samples] }),
  }
}

function askAgain(issues: readonly Issue[]): string {
  const list = issues.map((issue) => tag('issue', {}, escapeText(issueText(issue))))
  return `${tag('issues', {}, list.join('\n'))}\n\nYour answer could not be used. Answer with one JSON object: "rationale", then "score" from 0 to 1.`
}
