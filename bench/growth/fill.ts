import { copyRun } from '@flotilla/testing/copy-run'
import type { Connection } from '../services/postgres.ts'

/** A history of so many copies of a run, which the server has looked at. */
export async function fillRecord(db: Connection, uid: string, copies: number): Promise<void> {
  await copyRun(db, uid, copies)
  await db.query('vacuum (analyze, parallel 0)')
}
