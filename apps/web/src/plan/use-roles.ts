import type { PlanInput } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'

/** Roles to choose from: those of agents, and those that the plan names already. */
export function useRoles({ tasks }: PlanInput): readonly string[] {
  const { data } = useQuery({
    queryKey: ['agents'],
    queryFn: ({ signal }) => client.agents.list({ limit: 1_000 }, { signal }),
    staleTime: 60_000,
  })
  return [...new Set([...(data?.items ?? []).map(({ role }) => role), ...tasks.map(({ role }) => role)])].toSorted()
}
