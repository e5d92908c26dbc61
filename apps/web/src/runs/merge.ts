import type { RunSummary } from '@flotilla/client'

/**
 * The list as it is now: the pages that were read, with what has come since on top, and every run as it was read last.
 * Ids sort by time, so the newest of all comes first wherever it was read.
 */
export function mergeRuns(pages: readonly RunSummary[], ...later: readonly (readonly RunSummary[])[]): RunSummary[] {
  const byId = new Map(pages.map((run) => [run.id, run]))
  const oldest = pages.at(-1)?.id ?? ''
  for (const runs of later) {
    // What is older than the last page belongs to a page that has not been read.
    for (const run of runs) if (byId.has(run.id) || run.id > oldest) byId.set(run.id, run)
  }
  return [...byId.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
}
