import type { Dispatch, Plan, Usage } from '@flotilla/domain'
import { userText, type ModelRequest } from '@flotilla/llm'
import { answerSchema } from '../answer-schema.ts'
import { askModel, type AskDeps, type AskFailed, type AskTurn } from '../ask-model.ts'
import type { ContextRecord, CountTokens } from '../context/context-record.ts'
import { coordinatorPrompt } from '../prompts/coordinator.ts'
import { PlanAnswerSchema, readPlanAnswer, type PlanAnswer } from './plan-answer.ts'
import { renderPlanningPrompt, renderRepair, type PlanningInput } from './prompt.ts'

export type PlanDeps = AskDeps &
  Readonly<{
    countTokens: CountTokens
    /** Tokens of the prompt at most: the model's context less its answer. */
    tokenBudget: number
    maxOutputTokens: number
  }>

type Planning = Readonly<{ turns: readonly AskTurn[]; usage: Usage; context: ContextRecord }>
export type PlanOutcome = Planning &
  (
    | Readonly<{ ok: true; plan: Plan; dispatch: Dispatch }>
    /** `issues` is what was wrong with the last plan; empty where the model failed. */
    | (AskFailed & Readonly<{ repairs: number }>)
  )

const MAX_REPAIRS = 2
/** Room for the longest plan. */
export const PLAN_OUTPUT_TOKENS = 16_000
const planSchema = () => ({ name: 'plan', schema: answerSchema(PlanAnswerSchema) })

/** What every planning of a goal sends, whatever else there is to work with: tells what it takes at least. */
export const leastPlanningRequest = (goal: string): Omit<ModelRequest, 'model' | 'maxOutputTokens'> => ({
  system: coordinatorPrompt.text,
  messages: [userText(goal)],
  responseSchema: planSchema(),
})

/**
 * Has a model split a goal into a graph of tasks. An invalid plan goes back with its exact errors, at most twice; then it is
 * a failure `plan_invalid` with the last ones. Every call is returned for the record.
 */
export async function createPlan(deps: PlanDeps, input: PlanningInput & { signal: AbortSignal }): Promise<PlanOutcome> {
  const { system, firstMessage, record } = renderPlanningPrompt(input, deps)
  const asked = await askModel(deps, {
    system,
    prompt: firstMessage,
    responseSchema: planSchema(),
    maxOutputTokens: deps.maxOutputTokens,
    read: (text) => readPlanAnswer(text, input.tools),
    repair: renderRepair,
    maxRepairs: MAX_REPAIRS,
    invalid: { code: 'plan_invalid', what: 'plan' },
    signal: input.signal,
  })
  const facts = { turns: asked.turns, usage: asked.usage, context: record }
  if (!asked.ok) {
    const { failure, issues, refusal, repairs } = asked
    return { ok: false, failure, issues, refusal, repairs, ...facts }
  }
  return { ok: true, plan: asked.value.plan, dispatch: dispatchOf(deps, input, asked.value, asked.repairs), ...facts }
}

/** A simulated model plans from the built-in workflows by the request's type; any other writes the plan itself. */
function dispatchOf(deps: PlanDeps, input: PlanningInput, answer: PlanAnswer, repairs: number): Dispatch {
  const { simulated } = deps
  const template = answer.template ?? (simulated ? input.analysis.type : null)
  const tasks = `${answer.plan.tasks.length} ${answer.plan.tasks.length === 1 ? 'task' : 'tasks'}`
  return {
    kind: template === null ? 'generated' : 'template',
    template,
    reason: answer.reason ?? `split into ${tasks} for a request of the type ${input.analysis.type}`,
    planner: deps.modelRef,
    repairs,
    simulated,
  }
}

/** The dispatch of a plan that came with the request. */
export function explicitDispatch(plan: Plan): Dispatch {
  const tasks = `${plan.tasks.length} ${plan.tasks.length === 1 ? 'task' : 'tasks'}`
  return {
    kind: 'explicit',
    template: null,
    reason: `the request came with its plan of ${tasks}`,
    planner: 'request',
    repairs: 0,
    simulated: false,
  }
}
