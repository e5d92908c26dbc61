import { sql } from 'kysely'
import type { Db } from '../connect.ts'

/** `workspace`: its name, or its id (`wsp_…`). */
export type WorkspaceWeight = Readonly<{ workspace: string; weight: number }>

/** The weights become exactly these, and 1 for whoever is not named. Answers names that no workspace has: then nothing is changed. */
export async function replaceWorkspaceWeights(db: Db, weights: readonly WorkspaceWeight[]): Promise<string[]> {
  const names = weights.map((each) => each.workspace)
  return db.transaction().execute(async (tx) => {
    const { rows: unknown } = await sql<{ name: string }>`
      select n.name from unnest(${names}::text[]) n(name)
      where not exists (select from flotilla.workspaces w where n.name in (w.name, w.uid))`.execute(tx)
    if (unknown.length > 0) return unknown.map((row) => row.name)
    await sql`
      update flotilla.workspaces w set weight = x.weight
      from (
        select w.id, coalesce(max(n.weight), 1) as weight
        from flotilla.workspaces w left join unnest(${names}::text[], ${weights.map((each) => each.weight)}::int[]) n(name, weight) on n.name in (w.name, w.uid)
        group by w.id order by w.id) x
      where w.id = x.id and w.weight <> x.weight`.execute(tx)
    return []
  })
}
