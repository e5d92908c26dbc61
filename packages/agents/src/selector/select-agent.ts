import { SELECTION_WEIGHTS, type Agent, type AgentStats, type Candidate, type Selection } from '@flotilla/domain'
import { matchingCapabilities, stemsOf, type TaskStems, type TaskWords } from './capability-match.ts'
import { scoreCandidates } from './score-candidates.ts'

export type SelectionInput = Readonly<{
  task: TaskWords & Readonly<{ role: string }>
  /** Agents of any role; those of the task's role that are enabled are candidates. */
  agents: readonly Agent[]
  stats: readonly AgentStats[]
  /** The model of agents that name none. */
  defaultModel: string
}>

/**
 * The agent for a task, with all candidates and the reason in plain words; null where no agent of the role is enabled, and
 * one has to be drafted. The same input gives the same choice: ties go to more experience, then by name and id.
 */
export function selectAgent(input: SelectionInput): Selection | null {
  const { task, stats, defaultModel } = input
  const agents = input.agents.filter((agent) => agent.role === task.role && agent.enabled)
  const stems = stemsOf(task)
  const candidates = scoreCandidates({ type: task.type, stems }, agents, stats, defaultModel).toSorted(better)
  const [best, second] = candidates
  const agent = agents.find(({ id }) => id === best?.agentId)
  if (best === undefined || agent === undefined) return null
  return {
    agentId: best.agentId,
    agent: best.name,
    model: best.model,
    drafted: agent.origin === 'drafted',
    reason:
      second === undefined
        ? aloneReason(agent, task)
        : `${choiceReason(best, second, candidates.length, task.role)}${fitReason(agent, stems)}`,
    candidates,
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const better = (a: Candidate, b: Candidate): number =>
  b.score - a.score || b.runs - a.runs || order(a.name, b.name) || order(a.agentId, b.agentId)

const aloneReason = (agent: Agent, { role }: { role: string }): string =>
  agent.origin === 'drafted'
    ? `no agent had the role "${role}", so "${agent.name}" was drafted for it`
    : `"${agent.name}" is the only agent of the role "${role}"`

const PART_WORDS: Readonly<Record<keyof Candidate['parts'], string>> = {
  capability: 'its capabilities fit better',
  success: 'it succeeded more often',
  quality: 'its work was scored higher',
  latency: 'it is faster',
  cost: 'it costs less',
}

function choiceReason(best: Candidate, second: Candidate, count: number, role: string): string {
  const names = Object.keys(SELECTION_WEIGHTS) as (keyof typeof SELECTION_WEIGHTS)[]
  const leads = names
    .map((name) => ({ name, lead: SELECTION_WEIGHTS[name] * (best.parts[name] - second.parts[name]) }))
    .filter(({ lead }) => lead > 1e-6)
    .toSorted((a, b) => b.lead - a.lead)
  const because = leads
    .slice(0, 2)
    .map(({ name }) => PART_WORDS[name])
    .join(' and ')
  const tie = best.runs === second.runs ? 'first by name' : `more experience: ${best.runs} tasks`
  const why = best.score === second.score ? `equal scores, ${tie}` : because
  return `"${best.name}" (${best.score.toFixed(2)}) before "${second.name}" (${second.score.toFixed(2)}) among ${count} agents of the role "${role}": ${why}`
}

function fitReason(agent: Agent, task: TaskStems): string {
  const fitting = matchingCapabilities(task, agent)
  return fitting.length === 0 ? '' : `; the task speaks of ${fitting.slice(0, 3).join(', ')}`
}
