import { maxWidth, planGraph, topologicalOrder, type Analysis, type Mode, type Plan } from '@flotilla/domain'
import type { RequestType } from './request-type.ts'

/** How much work there is: tasks in all, side by side at most, and one after the other at least. */
export type WorkShape = Readonly<{ tasks: number; width: number; depth: number; judgements: number }>

export type EstimateInput = Readonly<{
  shape: WorkShape
  mode: Mode
  documentTokens: number
  /** Of the images and PDFs, which every call shows. */
  shownTokens: number
  /** No model stands behind the answers: they cost no time to speak of. */
  simulated: boolean
  /** US dollars of these tokens at the working model. */
  priceUsd: (tokens: { inputTokens: number; outputTokens: number }) => number
}>

/** Tokens of one call: prompt with goal, task and dependencies; passages of documents at most; an answer. */
const PROMPT_TOKENS = 1_800
const PASSAGE_TOKENS = 4_000
const ANSWER_TOKENS = 800
const JUDGEMENT_TOKENS = { inputTokens: 2_500, outputTokens: 300 }
const SECONDS_PER_CALL = 12
const SIMULATED_SECONDS_PER_CALL = 0.05
/** The least: short answers at the first try. The most: every task is revised once and searches twice. */
const LOW = 0.4
const HIGH = 2.5

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits
const range = (expected: number, digits: number) => ({
  low: round(expected * LOW, digits),
  expected: round(expected, digits),
  high: round(expected * HIGH, digits),
})

/** Tokens, dollars and seconds that a request will take, each with its range. */
export function estimate(input: EstimateInput): Analysis['estimate'] {
  const { shape, mode, simulated } = input
  // With documents an agent searches once more before it answers.
  const calls = input.documentTokens > 0 ? 2 : 1
  const drivers = driversOf(input, calls)
  const inputTokens = drivers.reduce((sum, driver) => sum + driver.inputTokens, 0)
  const outputTokens = drivers.reduce((sum, driver) => sum + driver.outputTokens, 0)
  const parallelism = mode === 'sequential' ? 1 : shape.width
  const waves = Math.max(shape.depth, Math.ceil(shape.tasks / parallelism))
  const perCall = simulated ? SIMULATED_SECONDS_PER_CALL : SECONDS_PER_CALL
  return {
    tasks: shape.tasks,
    parallelism,
    tokens: range(inputTokens + outputTokens, 0),
    costUsd: range(input.priceUsd({ inputTokens, outputTokens }), 4),
    seconds: range((waves * calls + Math.min(1, shape.judgements)) * perCall, 1),
    drivers,
  }
}

type Driver = NonNullable<Analysis['estimate']['drivers']>[number]

function driversOf({ shape, documentTokens, shownTokens, priceUsd }: EstimateInput, calls: number): Driver[] {
  const { tasks, judgements } = shape
  const each = (what: string, inputTokens: number, outputTokens: number): Driver => ({
    what,
    inputTokens,
    outputTokens,
    costUsd: round(priceUsd({ inputTokens, outputTokens }), 4),
  })
  const passages = Math.min(documentTokens, PASSAGE_TOKENS)
  return [
    each(
      `prompts of ${tasks} tasks, ${calls} ${calls === 1 ? 'call' : 'calls'} each`,
      tasks * calls * PROMPT_TOKENS,
      0,
    ),
    each(`passages of documents, up to ${passages} tokens a call`, tasks * calls * passages, 0),
    each(`images and PDFs, about ${shownTokens} tokens a call`, tasks * calls * shownTokens, 0),
    each(`answers of ${tasks} tasks`, 0, tasks * ANSWER_TOKENS),
    each(
      `${judgements} judgements`,
      judgements * JUDGEMENT_TOKENS.inputTokens,
      judgements * JUDGEMENT_TOKENS.outputTokens,
    ),
  ]
    .filter((driver) => driver.inputTokens + driver.outputTokens > 0)
    .toSorted((a, b) => b.costUsd - a.costUsd || b.inputTokens + b.outputTokens - a.inputTokens - a.outputTokens)
}

/** The shape of a plan at hand. */
export function shapeOfPlan(plan: Plan): WorkShape {
  const graph = planGraph(plan.tasks)
  const level = plan.tasks.map(() => 1)
  for (const i of topologicalOrder(graph))
    for (const dep of graph.deps[i] ?? []) level[i] = Math.max(level[i] as number, (level[dep] as number) + 1)
  return {
    tasks: plan.tasks.length,
    width: maxWidth(graph),
    depth: level.reduce((most, n) => Math.max(most, n), 0),
    judgements: plan.tasks.reduce(
      (sum, task) => sum + task.verify.filter((criterion) => 'judge' in criterion).length,
      0,
    ),
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, Math.round(value)))

/** The shape that a plan for such a request usually gets: work side by side, then joined and written up. */
export function guessShape(request: {
  type: RequestType
  complexity: Analysis['complexity']
  requirements: number
  documents: number
}): WorkShape {
  const { type, complexity, requirements, documents } = request
  if (complexity === 'simple')
    return { tasks: type === 'writing' ? 1 : 2, width: 1, depth: type === 'writing' ? 1 : 2, judgements: 0 }
  const hard = complexity === 'complex' ? 1 : 0
  switch (type) {
    case 'comparison':
      return fan(clamp(Math.max(documents, requirements), 2, 8), 2 + hard)
    case 'research':
    case 'security_audit':
      return fan(clamp(Math.max(documents / 2, requirements), 2, 6), 2 + hard)
    case 'development':
      return fan(clamp(requirements, 2, 6), 2 + hard)
    case 'question':
      return fan(clamp(documents / 3, 1, 3), 1 + hard)
    default:
      return fan(clamp(requirements, 1, 4), 2 + hard)
  }
}

const fan = (width: number, after: number): WorkShape => ({
  tasks: width + after,
  width,
  depth: 1 + after,
  judgements: after,
})
