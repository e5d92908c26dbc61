import { PAGE_MAX, type DocumentView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { client } from '../api/client.ts'

/** What a run was given to read: it never changes, and fits on one page. */
export const useDocuments = (runId: string) =>
  useQuery({
    queryKey: ['documents', runId],
    queryFn: ({ signal }) => client.documents.list(runId, { limit: PAGE_MAX }, { signal }),
    staleTime: Infinity,
  })

/** Where the citations of a text lead: the run, and its documents that have lines. */
export type Sources = Readonly<{ runId: string; names: ReadonlySet<string> }>

/** Empty until they have been read: citations are plain text till then. */
export function useSources(runId: string): Sources {
  const { data } = useDocuments(runId)
  return useMemo(() => ({ runId, names: namesOf(data?.items ?? []) }), [runId, data])
}

const namesOf = (documents: readonly DocumentView[]): ReadonlySet<string> =>
  new Set(documents.filter(({ lines }) => lines !== null).map(({ name }) => name))
