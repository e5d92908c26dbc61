import { SELECTION_WEIGHTS, type Agent, type AgentStats, type Candidate } from '@flotilla/domain'
import { capabilityMatch, type TaskStems } from './capability-match.ts'

type TrackRecord = Pick<AgentStats, 'runs' | 'successes' | 'meanScore' | 'meanLatencyMs' | 'meanCostUsd'>

/** What is assumed of an agent that has done nothing yet: as many successes as failures, and a middling score twice. */
const NEUTRAL = 0.5
const QUALITY_PRIOR_RUNS = 2
/** Differences below these are noise. */
const LEAST_LATENCY_MS = 100
const LEAST_COST_USD = 0.0001

/**
 * Scores every agent for a task, each part 0–1. The one place where a posterior's mean may be replaced by a draw from it.
 */
export function scoreCandidates(
  task: Readonly<{ type: string; stems: TaskStems }>,
  agents: readonly Agent[],
  stats: readonly AgentStats[],
  defaultModel: string,
): Candidate[] {
  const rows = agents.map((agent) => {
    const model = agent.model ?? defaultModel
    return { agent, model, record: recordOf(stats, agent.id, model, task.type) }
  })
  const fastest = least(rows.map((row) => row.record.meanLatencyMs))
  const cheapest = least(rows.map((row) => row.record.meanCostUsd))
  return rows.map(({ agent, model, record }) => {
    const parts = {
      capability: capabilityMatch(task.stems, agent),
      success: (record.successes + 1) / (record.runs + 2),
      quality:
        ((record.meanScore ?? NEUTRAL) * record.runs + NEUTRAL * QUALITY_PRIOR_RUNS) /
        (record.runs + QUALITY_PRIOR_RUNS),
      latency: relative(record.meanLatencyMs, fastest, LEAST_LATENCY_MS),
      cost: relative(record.meanCostUsd, cheapest, LEAST_COST_USD),
    }
    return { agentId: agent.id, name: agent.name, model, score: weigh(parts), parts, runs: record.runs }
  })
}

/** Rounded, so that equal candidates tie whatever the order of the sums. */
const weigh = (parts: Candidate['parts']): number =>
  Math.round(
    Object.entries(SELECTION_WEIGHTS).reduce(
      (sum, [name, weight]) => sum + weight * parts[name as keyof typeof parts],
      0,
    ) * 1e6,
  ) / 1e6

const least = (values: readonly (number | null)[]): number | null =>
  values.reduce((low, value) => (value === null ? low : low === null ? value : Math.min(low, value)), null)

/** The best among the candidates gets 1, one that takes twice as much a half; an unknown one the middle. */
const relative = (own: number | null, best: number | null, noise: number): number =>
  own === null || best === null ? NEUTRAL : (best + noise) / (own + noise)

const NOTHING: TrackRecord = { runs: 0, successes: 0, meanScore: null, meanLatencyMs: null, meanCostUsd: null }

/** What the agent did with this model on tasks of this type, or, where it did none, on tasks of any type. */
function recordOf(stats: readonly AgentStats[], agentId: string, model: string, taskType: string): TrackRecord {
  const own = stats.filter((row) => row.agentId === agentId && row.model === model && row.runs > 0)
  const same = own.filter((row) => row.taskType === taskType)
  const rows = same.length > 0 ? same : own
  return rows.reduce(join, NOTHING)
}

function join(a: TrackRecord, b: TrackRecord): TrackRecord {
  const runs = a.runs + b.runs
  const mean = (x: number | null, y: number | null): number | null =>
    x === null ? y : y === null ? x : (x * a.runs + y * b.runs) / runs
  return {
    runs,
    successes: a.successes + b.successes,
    meanScore: mean(a.meanScore, b.meanScore),
    meanLatencyMs: mean(a.meanLatencyMs, b.meanLatencyMs),
    meanCostUsd: mean(a.meanCostUsd, b.meanCostUsd),
  }
}
