import { settleAndReserveCalls, type Admission, type CallAsk, type EndedCall } from '@flotilla/db'
import type pg from 'pg'

/** Ends calls and admits one, in one commit with those that ask at the same time. */
export type Admit = (ended: readonly EndedCall[], ask: CallAsk) => Promise<Admission>

type Waiting = Readonly<{
  ended: readonly EndedCall[]
  ask: CallAsk
  resolve: (admission: Admission) => void
  reject: (error: unknown) => void
}>

/** More in one statement would hold its runs for too long. */
const BATCH = 64

/**
 * Admissions of a process, those that come while one is under way together in the next: all calls of a workspace queue for its
 * month's row, and so for one commit, not for one each.
 */
export function createAdmissions(pool: pg.Pool): Admit {
  let waiting: Waiting[] = []
  let busy = false
  const flush = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH)
      waiting = waiting.slice(BATCH)
      await commit(pool, batch)
    }
    busy = false
  }
  return (ended, ask) => {
    const { promise, resolve, reject } = Promise.withResolvers<Admission>()
    waiting.push({ ended, ask, resolve, reject })
    if (!busy) void flush()
    return promise
  }
}

async function commit(pool: pg.Pool, batch: readonly Waiting[]): Promise<void> {
  try {
    const admissions = await settleAndReserveCalls(
      pool,
      batch.flatMap(({ ended }) => ended),
      batch.map(({ ask }) => ask),
    )
    for (const [i, { resolve }] of batch.entries()) resolve(admissions[i] as Admission)
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}
