import { PAGE_MAX, countPrepared, mayPrepare, preparingText, type DocumentView, type RunStatus } from '@flotilla/domain'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { client } from '../api/client.ts'

/** All fit on one page. */
const documentsOf = (runId: string) =>
  queryOptions({
    queryKey: ['documents', runId],
    queryFn: ({ signal }) => client.documents.list(runId, { limit: PAGE_MAX }, { signal }),
  })

/** What a run was given to read: but for whether it is prepared, it never changes. */
export const useDocuments = (runId: string) => useQuery({ ...documentsOf(runId), staleTime: Infinity })

const PREPARED_EVERY_MS = 1_000

/** `preparing documents: 7 of 20`, read anew while the run waits for them: no event tells of each. Null: it does not wait. */
export function usePreparing(runId: string, status: RunStatus, tasks: number): string | null {
  const { data } = useQuery({
    ...documentsOf(runId),
    enabled: mayPrepare(status, tasks, null),
    staleTime: 0,
    refetchInterval: ({ state }) =>
      mayPrepare(status, tasks, state.data === undefined ? null : countPrepared(state.data.items))
        ? PREPARED_EVERY_MS
        : false,
  })
  return preparingText(status, tasks, data === undefined ? null : countPrepared(data.items))
}

/** Where the citations of a text lead: the run, and its documents that have lines. */
export type Sources = Readonly<{ runId: string; names: ReadonlySet<string> }>

/** Empty until they have been read: citations are plain text till then. */
export function useSources(runId: string): Sources {
  const { data } = useDocuments(runId)
  return useMemo(() => ({ runId, names: namesOf(data?.items ?? []) }), [runId, data])
}

const namesOf = (documents: readonly DocumentView[]): ReadonlySet<string> =>
  new Set(documents.filter(({ lines }) => lines !== null).map(({ name }) => name))
