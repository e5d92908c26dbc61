import type { Agent } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'

/** Undefined until they are read. */
export const useAgents = (): readonly Agent[] | undefined =>
  useQuery({
    queryKey: ['agents'],
    queryFn: ({ signal }) => client.agents.list({ limit: 1_000 }, { signal }),
    staleTime: 60_000,
  }).data?.items
