import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { client } from '../api/client.ts'
import { LIVE_QUERY, queryOf, type RunFilter } from './filter.ts'
import { mergeRuns } from './merge.ts'

const PAGE = 200
const LOOK_EVERY_MS = 2_000

/** The list, read page by page as it is scrolled; its top and all live runs are read again every 2 s. */
export function useRuns(filter: RunFilter) {
  const key = ['runs', filter] as const
  const pages = useInfiniteQuery({
    queryKey: [...key, 'pages'],
    queryFn: ({ pageParam, signal }) =>
      client.runs.list(
        { ...queryOf(filter, Date.now()), limit: PAGE, ...(pageParam === '' ? {} : { cursor: pageParam }) },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    // What changes is read apart; reading ten thousand runs again would show nothing else.
    staleTime: Infinity,
    refetchOnMount: 'always',
  })
  const top = useQuery({
    queryKey: [...key, 'top'],
    queryFn: ({ signal }) => client.runs.list({ ...queryOf(filter, Date.now()), limit: 100 }, { signal }),
    refetchInterval: LOOK_EVERY_MS,
  })
  const live = useQuery({
    queryKey: [...key, 'live'],
    queryFn: ({ signal }) =>
      client.runs.list({ ...queryOf(filter, Date.now()), status: LIVE_QUERY, limit: 500 }, { signal }),
    refetchInterval: LOOK_EVERY_MS,
    enabled: (filter.status === undefined || filter.status === 'live') && (pages.data?.pages.length ?? 0) > 1,
  })
  const runs = useMemo(
    () =>
      pages.data === undefined
        ? []
        : mergeRuns(
            pages.data.pages.flatMap(({ items }) => items),
            live.data?.items ?? [],
            top.data?.items ?? [],
          ),
    [pages.data, live.data, top.data],
  )
  return { runs, pages }
}
