import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import type { LockedRun } from '../runs/transitions.ts'

/** Where a letter's task goes on, if it does: null when it was not redriven. Undefined: the run has no letter of this task. */
export async function readRedriven(tx: Tx, run: LockedRun, idx: number): Promise<string | null | undefined> {
  const row = await tx
    .selectFrom('dead_letters')
    .select('redriven_to')
    .where('run_id', '=', run.id)
    .where('idx', '=', idx)
    .executeTakeFirst()
  return row?.redriven_to
}

/** Every letter of the run: the new run does all that failed over, so that redriving another of them leads to the same run. */
export async function recordRedriven(tx: Tx, run: LockedRun, to: string): Promise<void> {
  await tx
    .updateTable('dead_letters')
    .set({ redriven_at: sql<Date>`clock_timestamp()`, redriven_to: to })
    .where('run_id', '=', run.id)
    .execute()
}
