import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { ROLES } from './roles.sql.ts'
import { STEP } from './step.sql.ts'
import { TABLES } from './tables.sql.ts'
import { WORK } from './work.sql.ts'

/** The spine: tables, the group-committed step, roles with row-level security. */
export const spine: Migration = {
  async up(db: Kysely<unknown>) {
    for (const part of [TABLES, STEP, WORK, ROLES]) await sql.raw(part).execute(db)
  },
}
