import { settleAndReserveCalls, type Admission, type CallAsk, type EndedCall } from '@flotilla/db'
import { inBatches, loopTurn } from '@flotilla/runtime'
import type pg from 'pg'

/** Ends calls and admits one, in one commit with those that ask at the same time. */
export type Admit = (ended: readonly EndedCall[], ask: CallAsk) => Promise<Admission>

/** More in one statement would hold its runs for too long. */
const MOST = 64

/**
 * Admissions of a process, those that come while one is under way together in the next: all calls of a workspace queue for its
 * month's row, and so for one commit, not for one each. Asking again is harmless: each try of a call has its key. Calls are begun in turns.
 */
export function createAdmissions(pool: pg.Pool): Admit {
  const admit = inBatches(
    (asks: readonly Readonly<{ ended: readonly EndedCall[]; ask: CallAsk }>[]) =>
      settleAndReserveCalls(
        pool,
        asks.flatMap(({ ended }) => ended),
        asks.map(({ ask }) => ask),
      ),
    { most: MOST, flights: 1 },
  )
  return async (ended, ask) => {
    const admission = await admit({ ended, ask })
    await loopTurn()
    return admission
  }
}
