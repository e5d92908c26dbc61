import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Of the instance: requests neither read nor write it. No index on what changes, so that updates stay within their page. */
const TABLES = /* sql */ `
create table flotilla.workers (                  -- one row a worker process, which it writes anew every few seconds
  name text collate "C" primary key,
  started_at timestamptz not null,               -- by the worker's clock; names one process of several of this name
  heard_at timestamptz not null default clock_timestamp(),
  told jsonb not null                            -- what it serves, its places, and what it did lately
) with (fillfactor = 50);
grant select, insert, update, delete on flotilla.workers to flotilla_engine;
`

/** Workers, also those without work. */
export const workers: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(TABLES).execute(db)
  },
}
