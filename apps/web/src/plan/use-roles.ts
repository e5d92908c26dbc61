import type { PlanInput } from '@flotilla/domain'
import { useAgents } from '../agents/use-agents.ts'

/** Roles to choose from: those of agents, and those that the plan names already. */
export function useRoles({ tasks }: PlanInput): readonly string[] {
  const agents = useAgents() ?? []
  return [...new Set([...agents.map(({ role }) => role), ...tasks.map(({ role }) => role)])].toSorted()
}

/** Roles with an agent, and of these those with one that somebody wrote; null while that is not known. */
export function useServedRoles(): Readonly<{ all: ReadonlySet<string>; written: ReadonlySet<string> }> | null {
  const agents = useAgents()
  if (agents === undefined) return null
  const enabled = agents.filter((agent) => agent.enabled)
  return {
    all: new Set(enabled.map(({ role }) => role)),
    written: new Set(enabled.filter(({ origin }) => origin !== 'drafted').map(({ role }) => role)),
  }
}
