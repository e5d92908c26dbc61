import { NO_USAGE, type Analysis, type Usage } from '@flotilla/domain'
import { answerSchema } from '../answer-schema.ts'
import { askModel, type AskDeps, type AskTurn } from '../ask-model.ts'
import type { CallRefusal } from '../model-call.ts'
import { AnalysisAnswerSchema, readAnalysisAnswer } from './analysis-answer.ts'
import { analyzeByRules, completeAnalysis, understandByRules, type AnalysisInput } from './analyze-by-rules.ts'
import { analysisPrompt, renderAnalysisPrompt, renderAnalysisRepair } from './prompt.ts'

/** `refusal`: why the model could not be asked, where it was not. */
export type AnalysisOutcome = Readonly<{
  analysis: Analysis
  turns: readonly AskTurn[]
  usage: Usage
  refusal: CallRefusal | null
}>

const MAX_OUTPUT_TOKENS = 3_000
const MAX_REPAIRS = 1

/**
 * Analyses a request with the utility model, and by rules where that model is simulated, a plan is given already, or the
 * model fails; `by` says who did it. Never fails.
 */
export async function analyzeRequest(
  deps: AskDeps,
  input: AnalysisInput & { signal: AbortSignal },
): Promise<AnalysisOutcome> {
  if (deps.simulated || input.plan !== null)
    return { analysis: analyzeByRules(input), turns: [], usage: NO_USAGE, refusal: null }
  const asked = await askModel(deps, {
    system: analysisPrompt.text,
    prompt: renderAnalysisPrompt(input),
    responseSchema: { name: 'analysis', schema: answerSchema(AnalysisAnswerSchema) },
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    read: readAnalysisAnswer,
    repair: renderAnalysisRepair,
    maxRepairs: MAX_REPAIRS,
    invalid: { code: 'model_malformed', what: 'analysis' },
    signal: input.signal,
  })
  const { turns, usage } = asked
  if (!asked.ok) {
    const by = `rules, since ${deps.modelRef} gave no analysis: ${asked.failure.message}`
    return { analysis: { ...analyzeByRules(input), by }, turns, usage, refusal: asked.refusal }
  }
  const { warnings, ...answer } = asked.value
  const rules = understandByRules(input)
  const understood = {
    ...answer,
    requirements: answer.requirements.length > 0 ? answer.requirements : rules.requirements,
    roles: answer.roles.length > 0 ? answer.roles : rules.roles,
  }
  return { analysis: completeAnalysis(input, understood, warnings, deps.modelRef), turns, usage, refusal: null }
}
