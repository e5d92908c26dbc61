import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { ROLES } from './roles.sql.ts'
import { TABLES } from './tables.sql.ts'

/** The spine: tables, and roles with row-level security. */
export const spine: Migration = {
  async up(db: Kysely<unknown>) {
    for (const part of [TABLES, ROLES]) await sql.raw(part).execute(db)
  },
}
