import type { Connection } from './stream-call.ts'

type Carried = { callFetch?: typeof fetch }
/** What a request may say of `fetch` beside what is the SDKs' own. They hand it on to it as it is. */
type FetchOptions = Omit<RequestInit, 'body' | 'headers' | 'method' | 'signal'> & Carried

/** What a call says of its request to the client that all calls of a provider share. */
export const requestOptions = ({ fetch, signal }: Connection): { signal: AbortSignal; fetchOptions: FetchOptions } => ({
  signal,
  fetchOptions: { callFetch: fetch },
})

/** The `fetch` of such a client: that of the call whose request it is, which watches it. */
export const sharedFetch: typeof fetch = (input, init: RequestInit & Carried = {}) => {
  const { callFetch, ...rest } = init
  if (!callFetch) throw new Error('a request without the fetch of its call')
  return callFetch(input, rest)
}
