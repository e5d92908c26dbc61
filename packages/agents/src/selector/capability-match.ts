import type { Agent } from '@flotilla/domain'
import { contentStems } from '@flotilla/llm'

/** The words of a task that say what it takes. */
export type TaskWords = Readonly<{ type: string; title: string; instructions: string }>
export type TaskStems = ReadonlySet<string>

/** Instructions can be long; what is asked stands at their beginning. */
const INSTRUCTION_CHARS = 2_000

/** Stemming takes most of a selection's time: once a task, and once an agent for all the tasks of a plan. */
export const stemsOf = ({ type, title, instructions }: TaskWords): TaskStems =>
  new Set(contentStems(`${type.replace(/[_-]+/g, ' ')}\n${title}\n${instructions.slice(0, INSTRUCTION_CHARS)}`))

type AgentStems = Readonly<{ capabilities: readonly (readonly string[])[]; description: readonly string[] }>
const known = new WeakMap<object, AgentStems>()

function agentStems(agent: Pick<Agent, 'capabilities' | 'description'>): AgentStems {
  const before = known.get(agent)
  if (before !== undefined) return before
  const stems = {
    capabilities: agent.capabilities.map((capability) => contentStems(capability)),
    description: [...new Set(contentStems(agent.description))],
  }
  known.set(agent, stems)
  return stems
}

/** Capabilities of an agent of which a task speaks, each word of them. */
export function matchingCapabilities(task: TaskStems, agent: Pick<Agent, 'capabilities' | 'description'>): string[] {
  const { capabilities } = agentStems(agent)
  return agent.capabilities.filter((_, i) => {
    const stems = capabilities[i] ?? []
    return stems.length > 0 && stems.every((stem) => task.has(stem))
  })
}

/**
 * How well an agent's capabilities and description fit a task, 0–1: each matching capability halves what is missing, the
 * share of the description's words that the task speaks of counts as one more.
 */
export function capabilityMatch(task: TaskStems, agent: Pick<Agent, 'capabilities' | 'description'>): number {
  const { description } = agentStems(agent)
  const share = description.length === 0 ? 0 : description.filter((stem) => task.has(stem)).length / description.length
  return 1 - 0.5 ** (matchingCapabilities(task, agent).length + share)
}
