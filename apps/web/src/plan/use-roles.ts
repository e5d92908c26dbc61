import type { PlanInput } from '@flotilla/domain'
import { useAgents } from '../agents/use-agents.ts'

/** Roles to choose from: those of agents, and those that the plan names already. */
export function useRoles({ tasks }: PlanInput): readonly string[] {
  const agents = useAgents() ?? []
  return [...new Set([...agents.map(({ role }) => role), ...tasks.map(({ role }) => role)])].toSorted()
}

/** Roles that an agent does work of; null while that is not known. */
export function useServedRoles(): ReadonlySet<string> | null {
  const agents = useAgents()
  return agents === undefined ? null : new Set(agents.filter(({ enabled }) => enabled).map(({ role }) => role))
}
