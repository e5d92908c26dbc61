import { answersNow, untilBack } from '../api/contact.ts'

type Fetch = () => Promise<unknown>

/** All that pages which have been fetched may want: a page that comes adds its own. */
const parts: Fetch[] = []

/** A part of the app that is fetched when it is gone to, or before. While the server is away what is shown stays, and it comes afterwards. */
export function part<T>(fetch: () => Promise<T>): () => Promise<T> {
  parts.push(fetch)
  return async () => {
    for (;;) {
      try {
        return await fetch()
      } catch (error) {
        if (await answersNow()) return reload(error)
        await untilBack()
      }
    }
  }
}

/** A newer build has replaced the part: the page is of the old one. Once for each, as a part may be missing for another reason. */
function reload(error: unknown): Promise<never> {
  const key = `flotilla.reloaded.${String(error)}`
  if (sessionStorage.getItem(key) !== null) throw error
  sessionStorage.setItem(key, 'yes')
  location.reload()
  return new Promise(() => {})
}

/** What the first page itself asks for goes first. */
const QUIET_MS = 1_000

/** One after the other, after the first page: a server that goes away then takes no page along. What fails comes when it is wanted. */
export function fetchPartsWhenIdle(): void {
  const idle = (then: () => void): void => {
    if ('requestIdleCallback' in window) requestIdleCallback(then)
    else setTimeout(then, 200)
  }
  let next = 0
  const fetchNext = (): void => {
    const fetch = parts[next++]
    if (fetch !== undefined)
      void fetch().then(
        () => idle(fetchNext),
        () => {},
      )
  }
  addEventListener('load', () => setTimeout(() => idle(fetchNext), QUIET_MS), { once: true })
}
