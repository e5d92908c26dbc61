import { removeRun, type Db } from '@flotilla/db'
import { accepted, type Result } from '@flotilla/domain'
import type { Hints } from './hints.ts'
import { controlRun, type RunRef } from './run-control.ts'

/** Removes an ended run with its tasks, events, documents and artifacts. Errors: `not_found`, `conflict`. */
export async function deleteRun(deps: Readonly<{ db: Db; hints: Hints }>, ref: RunRef): Promise<Result<null>> {
  const result = await controlRun(deps.db, ref, 'delete', async (tx, run) => ((await removeRun(tx, run)) ? run : null))
  if (!result.ok) return result
  deps.hints.publish({ runId: result.value.run.id })
  return accepted(null)
}
