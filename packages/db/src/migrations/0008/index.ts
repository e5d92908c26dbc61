import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What the transitions write. They hold the run's row, or a task's under its fence, so that a key has nothing left to check. */
const WRITTEN_BY_TRANSITIONS = [
  'tasks',
  'task_specs',
  'attempts',
  'outputs',
  'events',
  'turns',
  'tool_calls',
  'verdicts',
  'budgets',
  'budget_calls',
]

/**
 * Their foreign keys on runs go: each row was looked up once more for them, a fifth of what a task cost the server. A deleted
 * run takes its rows along by a trigger (functions/retention.sql.ts).
 */
const DROP_KEYS = /* sql */ `
do $$
declare x record;
begin
  for x in select conrelid::regclass as it, conname from pg_constraint
    where contype = 'f' and confrelid = 'flotilla.runs'::regclass
      and conrelid = any (array[${WRITTEN_BY_TRANSITIONS.map((table) => `'flotilla.${table}'`).join(', ')}]::regclass[]) loop
    execute format('alter table %s drop constraint %I', x.it, x.conname);
  end loop;
end $$;
`

/** Rows of a run without foreign keys on it. */
export const keys: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(DROP_KEYS).execute(db)
  },
}
