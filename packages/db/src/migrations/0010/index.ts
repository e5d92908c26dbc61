import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * While few runs are known, several indexes of them seem equally good to the planner, and a session keeps the plan that it made then.
 * Those in planning have an index in which there is nothing else, so that none is ever better. The one by status is for those who
 * ask for a status: the predicate, which always holds, keeps it from the check of a foreign key, which would read all runs of the
 * workspace in it.
 */
const LOOK_UPS = /* sql */ `
create index runs_in_planning on flotilla.runs (workspace_id) where status = 'planning';
drop index flotilla.runs_by_status;
create index runs_by_status on flotilla.runs (workspace_id, status, id) where status is not null;
`

export const runLookUps: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(LOOK_UPS).execute(db)
  },
}
