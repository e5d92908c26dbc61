import type { AgentStats } from '@flotilla/domain'

/** A task that has ended, as its record has it. Tokens and cost are of all its attempts, latency of the last one. */
export type FinishedTask = Readonly<{
  taskType: string
  role: string
  agentId: string
  model: string
  succeeded: boolean
  /** The last verdict's score, 0–1; null where nothing was judged. */
  score: number | null
  latencyMs: number
  tokens: number
  costUsd: number
}>

/** Sums to add to what is stored for one (task type, role, agent, model). `scored` counts the tasks that have a score. */
export type AgentStatsDelta = Readonly<{
  taskType: string
  role: string
  agentId: string
  model: string
  runs: number
  successes: number
  scored: number
  scoreSum: number
  latencyMsSum: number
  tokensSum: number
  costUsdSum: number
}>

/** One delta for each combination among the tasks, in the order of their first task. */
export function statsOf(tasks: readonly FinishedTask[]): AgentStatsDelta[] {
  const deltas = new Map<string, AgentStatsDelta>()
  for (const task of tasks) {
    const key = JSON.stringify([task.taskType, task.role, task.agentId, task.model])
    const delta = deltaOf(task)
    const before = deltas.get(key)
    deltas.set(key, before === undefined ? delta : addStats(before, delta))
  }
  return [...deltas.values()]
}

function deltaOf(task: FinishedTask): AgentStatsDelta {
  const { taskType, role, agentId, model, score } = task
  return {
    taskType,
    role,
    agentId,
    model,
    runs: 1,
    successes: task.succeeded ? 1 : 0,
    scored: score === null ? 0 : 1,
    scoreSum: score ?? 0,
    latencyMsSum: task.latencyMs,
    tokensSum: task.tokens,
    costUsdSum: task.costUsd,
  }
}

/** Sums of two deltas of the same combination. */
export function addStats(a: AgentStatsDelta, b: AgentStatsDelta): AgentStatsDelta {
  return {
    ...a,
    runs: a.runs + b.runs,
    successes: a.successes + b.successes,
    scored: a.scored + b.scored,
    scoreSum: a.scoreSum + b.scoreSum,
    latencyMsSum: a.latencyMsSum + b.latencyMsSum,
    tokensSum: a.tokensSum + b.tokensSum,
    costUsdSum: a.costUsdSum + b.costUsdSum,
  }
}

/** Stored sums as a selection reads them. */
export function meansOf(sums: AgentStatsDelta): AgentStats {
  const { taskType, role, agentId, model, runs, successes } = sums
  const mean = (sum: number, count: number): number | null => (count === 0 ? null : sum / count)
  return {
    taskType,
    role,
    agentId,
    model,
    runs,
    successes,
    meanScore: mean(sums.scoreSum, sums.scored),
    meanLatencyMs: mean(sums.latencyMsSum, runs),
    meanTokens: mean(sums.tokensSum, runs),
    meanCostUsd: mean(sums.costUsdSum, runs),
  }
}
