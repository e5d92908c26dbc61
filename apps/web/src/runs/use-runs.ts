import type { RunQuery, RunSummary } from '@flotilla/client'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { client } from '../api/client.ts'
import { LIVE_QUERY, queryOf, type RunFilter } from './filter.ts'
import { mergeRuns } from './merge.ts'

const PAGE = 200
const LOOK_EVERY_MS = 2_000

/**
 * The list, read page by page as it is scrolled. Of one by state the pages are read again, since runs leave it; of any other
 * only its top and the live runs, since what has ended stays as it is.
 */
export function useRuns(filter: RunFilter) {
  const key = ['runs', filter] as const
  const changing = filter.status !== undefined
  const pages = useInfiniteQuery({
    queryKey: [...key, 'pages'],
    queryFn: ({ pageParam, signal }) =>
      client.runs.list(
        { ...queryOf(filter, Date.now()), limit: PAGE, ...(pageParam === '' ? {} : { cursor: pageParam }) },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    staleTime: Infinity,
    refetchOnMount: 'always',
    refetchInterval: (query) => (changing ? LOOK_EVERY_MS * (query.state.data?.pages.length ?? 1) : false),
  })
  const top = useLater([...key, 'top'], { ...queryOf(filter, Date.now()), limit: 100 }, !changing)
  const live = useLater(
    [...key, 'live'],
    { ...queryOf(filter, Date.now()), status: LIVE_QUERY, limit: 500 },
    !changing && (pages.data?.pages.length ?? 0) > 1,
  )
  const runs = useMemo(() => {
    const read = pages.data?.pages.flatMap(({ items }) => items) ?? []
    return changing || pages.data === undefined ? read : mergeRuns(read, live, top)
  }, [pages.data, changing, live, top])
  return { runs, pages }
}

const NONE: readonly RunSummary[] = []

/** What is read again every 2 s; the query's time moves on and is no part of what is asked for. */
function useLater(queryKey: readonly unknown[], query: RunQuery, enabled: boolean): readonly RunSummary[] {
  const { data } = useQuery({
    queryKey,
    queryFn: ({ signal }) => client.runs.list(query, { signal }),
    refetchInterval: LOOK_EVERY_MS,
    enabled,
  })
  return data?.items ?? NONE
}
