/** What was read is good for this long: what slips by meanwhile is parked by the worker that has no place for it. */
const FRESH_MS = 100

/** Roles for which tasks are parked, asked for at most every 100 ms, however many want to know. */
export function createCrowdedRoles(
  read: () => Promise<readonly string[]>,
  now: () => number,
): () => Promise<ReadonlySet<string>> {
  let known: Promise<ReadonlySet<string>> | null = null
  let since = Number.NEGATIVE_INFINITY
  return () => {
    if (known !== null && now() - since < FRESH_MS) return known
    since = now()
    const asked = read().then((roles): ReadonlySet<string> => new Set(roles))
    known = asked
    asked.catch(() => {
      if (known === asked) known = null
    })
    return asked
  }
}
