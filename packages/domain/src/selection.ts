import * as v from 'valibot'

/** Statistics of (task type, role, agent, model) that a choice read. Means over finished attempts; null when there are none. */
export const AgentStatsSchema = v.pipe(
  v.object({
    taskType: v.string(),
    role: v.string(),
    agentId: v.string(),
    model: v.string(),
    runs: v.number(),
    successes: v.number(),
    meanScore: v.nullable(v.number()),
    meanLatencyMs: v.nullable(v.number()),
    meanTokens: v.nullable(v.number()),
    meanCostUsd: v.nullable(v.number()),
  }),
  v.metadata({ ref: 'AgentStats' }),
)
export type AgentStats = v.InferOutput<typeof AgentStatsSchema>

export const CandidateSchema = v.object({
  agentId: v.string(),
  name: v.string(),
  model: v.string(),
  score: v.number(),
  parts: v.object({
    capability: v.number(),
    success: v.number(),
    quality: v.number(),
    latency: v.number(),
    cost: v.number(),
  }),
  runs: v.number(),
})

/** Which agent a task got, among which candidates, and why. */
export const SelectionSchema = v.pipe(
  v.object({
    agentId: v.string(),
    agent: v.string(),
    model: v.string(),
    drafted: v.boolean(),
    reason: v.string(),
    candidates: v.array(CandidateSchema),
  }),
  v.metadata({ ref: 'Selection' }),
)
export type Selection = v.InferOutput<typeof SelectionSchema>
export type Candidate = v.InferOutput<typeof CandidateSchema>

/** What each part of a candidate's score counts for; they sum to 1. */
export const SELECTION_WEIGHTS: Readonly<Record<keyof Candidate['parts'], number>> = {
  capability: 0.3,
  success: 0.3,
  quality: 0.25,
  cost: 0.1,
  latency: 0.05,
}
