import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The run of a workspace whose planning is next, found at once however many wait. */
const PLANNING_ORDER = /* sql */ `
create index runs_to_plan on flotilla.runs (workspace_id, priority desc, id) where status = 'created';
`

export const planningOrder: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(PLANNING_ORDER).execute(db)
  },
}
