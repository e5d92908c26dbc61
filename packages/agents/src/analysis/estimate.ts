import {
  maxWidth,
  planGraph,
  topologicalOrder,
  type Analysis,
  type Mode,
  type Plan,
  type PlanGraph,
} from '@flotilla/domain'
import type { Pace } from './pace.ts'
import { documentsRead, readingCosts, spread, type Text } from './reading.ts'
import type { RequestType } from './request-type.ts'

/**
 * How much work there is: tasks in all, side by side at most, and one after the other at least. `searching`: tasks whose agent
 * can look into documents. `readings`: tokens of the documents that each of them reads to the end. `judged`: tasks with judgements that stand one after the other.
 */
export type WorkShape = Readonly<{
  tasks: number
  width: number
  depth: number
  searching: number
  readings: readonly (readonly number[])[]
  judgements: number
  judged: number
}>

export type EstimateInput = Readonly<{
  shape: WorkShape
  mode: Mode
  documentTokens: number
  /** Of the images and PDFs, which every call shows. */
  shownTokens: number
  /** How long a task takes that makes so many model calls. */
  paceOf: (calls: number) => Pace
  /** US dollars of these tokens at the working model. */
  priceUsd: (tokens: { inputTokens: number; outputTokens: number }) => number
}>

/** Tokens of one call: prompt with goal, task and dependencies; passages of documents at most; an answer. */
const PROMPT_TOKENS = 1_800
const PASSAGE_TOKENS = 4_000
const ANSWER_TOKENS = 800
const JUDGEMENT_TOKENS = { inputTokens: 2_500, outputTokens: 300 }
/** The least: short answers at the first try. The most: every task is revised once and searches twice. */
const LOW = 0.4
const HIGH = 2.5

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits
const range = (expected: number, digits: number, { low, high } = { low: LOW, high: HIGH }) => ({
  low: round(expected * low, digits),
  expected: round(expected, digits),
  high: round(expected * high, digits),
})

/** What no statistics tell beforehand; time in a pause is not spent. */
const BESIDES = 'planning, and waiting for a free place or a rate limit, is not in it'

/** Tokens, dollars and seconds that a request will take, each with its range. */
export function estimate(input: EstimateInput): Analysis['estimate'] {
  const { shape, mode } = input
  // With documents an agent that can searches once before it answers.
  const searching = input.documentTokens > 0 ? shape.searching : 0
  const drivers = driversOf(input, searching)
  const inputTokens = drivers.reduce((sum, driver) => sum + driver.inputTokens, 0)
  const outputTokens = drivers.reduce((sum, driver) => sum + driver.outputTokens, 0)
  const parallelism = mode === 'sequential' ? 1 : shape.width
  const waves = Math.max(shape.depth, Math.ceil(shape.tasks / parallelism))
  const judged = mode === 'sequential' ? Math.min(shape.judgements, shape.tasks) : shape.judged
  const pace = input.paceOf(searching > 0 ? 2 : 1)
  return {
    tasks: shape.tasks,
    parallelism,
    tokens: range(inputTokens + outputTokens, 0),
    costUsd: range(input.priceUsd({ inputTokens, outputTokens }), 4),
    seconds: range(waves * pace.taskSeconds + judged * pace.judgementSeconds, 1, pace),
    secondsBasis: `${pace.basis}; ${BESIDES}`,
    drivers,
  }
}

type Driver = NonNullable<Analysis['estimate']['drivers']>[number]

function driversOf({ shape, documentTokens, shownTokens, priceUsd }: EstimateInput, searching: number): Driver[] {
  const { tasks, judgements, readings } = shape
  const calls = tasks + searching
  const passages = Math.min(documentTokens, PASSAGE_TOKENS)
  const read = readings.map((documents) => readingCosts(documents, passages))
  const pageCalls = read.reduce((sum, one) => sum + one.calls, 0)
  const pageTokens = read.reduce((sum, one) => sum + one.tokens, 0)
  const each = (what: string, inputTokens: number, outputTokens: number): Driver => ({
    what,
    inputTokens,
    outputTokens,
    costUsd: round(priceUsd({ inputTokens, outputTokens }), 4),
  })
  return [
    each(`prompts of ${tasks} tasks, ${calls} ${calls === 1 ? 'call' : 'calls'} in all`, calls * PROMPT_TOKENS, 0),
    each(`passages of documents, up to ${passages} tokens a call`, calls * passages, 0),
    each(
      `documents read page by page, ${pageCalls} more ${pageCalls === 1 ? 'call' : 'calls'}, each with the pages before it`,
      pageTokens + pageCalls * PROMPT_TOKENS,
      0,
    ),
    each(`images and PDFs, about ${shownTokens} tokens a call`, (calls + pageCalls) * shownTokens, 0),
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

/** The shape of a plan at hand; `toolsOf` a role are its agents', for tasks that name none. */
export function shapeOfPlan(
  plan: Plan,
  toolsOf: (role: string) => readonly string[],
  goal: string,
  documents: readonly Text[],
): WorkShape {
  const graph = planGraph(plan.tasks)
  const mayUse = ({ role, tools }: Plan['tasks'][number], wanted: readonly string[]): boolean =>
    (tools ?? toolsOf(role)).some((tool) => wanted.includes(tool))
  const judgesOf = (task: Plan['tasks'][number] | undefined): number =>
    task?.verify.some((criterion) => 'judge' in criterion) ? 1 : 0
  return {
    tasks: plan.tasks.length,
    width: maxWidth(graph),
    depth: longest(graph, () => 1),
    searching: plan.tasks.filter((task) => mayUse(task, SEARCHES)).length,
    readings: plan.tasks
      .filter((task) => mayUse(task, ['read_document']))
      .map((task) => documentsRead(task, goal, documents)),
    judged: longest(graph, (i) => judgesOf(plan.tasks[i])),
    judgements: plan.tasks.reduce(
      (sum, task) => sum + task.verify.filter((criterion) => 'judge' in criterion).length,
      0,
    ),
  }
}

const SEARCHES = ['knowledge_search', 'read_document']

/** The largest sum along any chain. */
function longest(graph: PlanGraph, weight: (i: number) => number): number {
  const sums = graph.deps.map((_, i) => weight(i))
  for (const i of topologicalOrder(graph)) {
    const before = (graph.deps[i] ?? []).reduce((most, dep) => Math.max(most, sums[dep] ?? 0), 0)
    sums[i] = before + weight(i)
  }
  return sums.reduce((most, sum) => Math.max(most, sum), 0)
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, Math.round(value)))

/** The shape that a plan for such a request usually gets: work side by side, then joined and written up. */
export function guessShape(request: {
  type: RequestType
  complexity: Analysis['complexity']
  requirements: number
  documents: number
  texts: readonly Text[]
}): WorkShape {
  const { type, complexity, requirements, documents, texts } = request
  const fan = (width: number, after: number): WorkShape => fanOf(width, after, type === 'question' ? [] : texts)
  if (complexity === 'simple') {
    const tasks = type === 'writing' ? 1 : 2
    return { tasks, width: 1, depth: tasks, searching: tasks, readings: [], judgements: 0, judged: 0 }
  }
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

const fanOf = (width: number, after: number, texts: readonly Text[]): WorkShape => ({
  tasks: width + after,
  width,
  depth: 1 + after,
  searching: width + after,
  readings: spread(texts, width),
  judgements: after,
  judged: after,
})
