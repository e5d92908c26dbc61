import { recordLateUsage, type RunClaim, type Settlement, type StepResult } from '@flotilla/db'
import { NO_USAGE, type Usage } from '@flotilla/domain'
import type { Log } from '@flotilla/runtime'
import type pg from 'pg'

type Deps = Readonly<{ pool: pg.Pool; log: Log }>

/**
 * Counts what attempts and judges had used whose settlement came after a cancel or a deadline. One whose fence was lost otherwise
 * changes nothing. Never rejects.
 */
export async function tellLate(deps: Deps, settlements: readonly Settlement[], result: StepResult): Promise<void> {
  const settled = new Set(result.settled)
  const refused = settlements.filter((_, i) => !settled.has(i))
  await Promise.all(
    refused.map((settlement) => {
      const { usage, spent } = settlement.data
      return tell(deps, settlement, { usage: settlement.judged ? null : (usage ?? null), spent: spent ?? NO_USAGE })
    }),
  )
}

/** The same of a planner's calls. */
export const tellLatePlanner = (deps: Deps, claim: RunClaim, spent: Usage): Promise<void> =>
  tell(deps, { runId: claim.runId, idx: null, fence: claim.fence }, { usage: null, spent })

async function tell(
  { pool, log }: Deps,
  claim: Parameters<typeof recordLateUsage>[1],
  late: Parameters<typeof recordLateUsage>[2],
): Promise<void> {
  try {
    await recordLateUsage(pool, claim, late)
  } catch (error) {
    log.warn(
      { err: error, runNumber: claim.runId, taskNumber: claim.idx },
      'what was used after a cancel is not recorded',
    )
  }
}
