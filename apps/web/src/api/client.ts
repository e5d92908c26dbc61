import { createClient } from '@flotilla/client'
import { QueryClient } from '@tanstack/react-query'
import { watchedFetch, whenBack } from './contact.ts'
import { isLasting } from './session-words.ts'

export const client = createClient({ url: location.origin, fetch: watchedFetch })

const RETRIES = 2

/** A refusal stays one; all else may pass. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      retry: (failures, error) => !isLasting(error) && failures < RETRIES,
    },
  },
})

whenBack(() => void queryClient.invalidateQueries())
