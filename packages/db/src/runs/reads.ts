import type { JsonObject, RunStatus, RunView } from '@flotilla/domain'
import { sql } from 'kysely'
import { readStandingStop } from '../budgets/standing-stop.ts'
import type { Tx } from '../connect.ts'
import { runView, selectRuns } from './view.ts'

/** One run; null when the workspace has none of this id. */
export async function readRun(tx: Tx, uid: string): Promise<RunView | null> {
  const row = await selectRuns(tx).where('r.uid', '=', uid).executeTakeFirst()
  if (row === undefined) return null
  return runView(row, row.pause?.by === 'budget' ? await readStandingStop(tx, row.id) : undefined)
}

/** What every read below a run starts from. `seq` is the number of its last event. */
export type RunHead = Readonly<{
  id: number
  uid: string
  status: RunStatus
  planVersion: number
  seq: number
  /** Its age has cost it events and the bodies of turns, or does so now. */
  trimmed: boolean
}>

export async function readRunHead(tx: Tx, uid: string): Promise<RunHead | null> {
  const row = await tx
    .selectFrom('runs')
    .select(['id', 'uid', 'status', 'plan_version as planVersion', 'seq'])
    .select(sql<boolean>`retention is not null`.as('trimmed'))
    .where('uid', '=', uid)
    .executeTakeFirst()
  return row ?? null
}

export type RunReport = Readonly<{ json: JsonObject; markdown: string }>

/** The completion report; null until finishing has written it. */
export async function readReport(tx: Tx, runId: number): Promise<RunReport | null> {
  const row = await tx.selectFrom('run_specs').select('report').where('run_id', '=', runId).executeTakeFirst()
  return (row?.report ?? null) as RunReport | null
}

/** Whether the record answers, and which migrations it has; both as the role that serves requests. */
export async function readMigrations(tx: Tx): Promise<{ applied: string[]; usableFrom: number }> {
  const { rows } = await sql<{ applied: string[]; usableFrom: number }>`
    select coalesce((select array_agg(name order by name) from flotilla.migrations), '{}') as applied,
      (select oldest_code from flotilla.schema_state) as "usableFrom"`.execute(tx)
  return rows[0] ?? { applied: [], usableFrom: Infinity }
}
