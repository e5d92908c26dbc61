import { inWorkspace, readEvents, readRunHead, type Db } from '@flotilla/db'
import { RUN_ID, accepted, type Result, type RunEvent } from '@flotilla/domain'
import { runNotFound, type RunRef } from './run-control.ts'

/**
 * `nextCursor` is the last number of this page, null when there is nothing after it yet. `trimmed`: the run is so old that
 * only its own events are left, without those of its tasks; their numbers are gone with them.
 */
export type EventPage = Readonly<{ items: RunEvent[]; nextCursor: string | null; trimmed?: true }>

/** A page of a run's log after a number. Errors: `not_found`. */
export function readEventPage(
  deps: Readonly<{ db: Db }>,
  input: RunRef & Readonly<{ after: number; limit: number }>,
): Promise<Result<EventPage>> {
  return inWorkspace(deps.db, input.workspaceId, async (tx) => {
    const run = RUN_ID.test(input.runId) ? await readRunHead(tx, input.runId) : null
    if (run === null) return runNotFound(input.runId)
    const events = await readEvents(tx, run, input.after, input.limit + 1)
    const items = events.slice(0, input.limit)
    const nextCursor = events.length > input.limit ? String(items.at(-1)?.seq) : null
    return accepted({ items, nextCursor, ...(run.trimmed && { trimmed: true as const }) })
  })
}
