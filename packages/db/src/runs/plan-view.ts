import type { PlanView } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

/** A plan's version and the list of all; null when the run has no such version. */
export async function readPlan(tx: Tx, runId: number, version: number): Promise<PlanView | null> {
  const plan = await tx
    .selectFrom('plans')
    .select(['version', 'tasks', 'result'])
    .where('run_id', '=', runId)
    .where('version', '=', version)
    .executeTakeFirst()
  if (plan === undefined) return null
  return { version: plan.version, versions: await readVersions(tx, runId), tasks: plan.tasks, result: plan.result }
}

async function readVersions(tx: Tx, runId: number): Promise<PlanView['versions']> {
  const rows = await tx
    .selectFrom('plans')
    .select(['version', 'made_by', 'created_at', sql<number>`jsonb_array_length(tasks)`.as('tasks')])
    .where('run_id', '=', runId)
    .orderBy('version')
    .execute()
  return rows.map((row) => ({
    version: row.version,
    by: row.made_by,
    createdAt: row.created_at.toISOString(),
    tasks: row.tasks,
  }))
}
