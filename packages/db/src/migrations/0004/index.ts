import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * What was charged beyond what was held, so that a limit can bind what is held although a call cost more; and what was spent and
 * held above the limit when that was lowered, so that it can be lowered while calls are under way.
 */
const beyond = [
  ['tokens', 'bigint', 'budgets_check'],
  ['cost_usd', 'numeric(20, 10)', 'budgets_check1'],
  ['tool_calls', 'bigint', 'budgets_check2'],
  ['seconds', 'numeric(14, 3)', 'budgets_check3'],
]
  .map(
    ([name, type, check]) => `
alter table flotilla.budgets
  add column ${name}_over ${type} not null default 0 check (${name}_over >= 0),
  add column ${name}_above ${type} not null default 0 check (${name}_above >= 0),
  drop constraint ${check},
  add check (${name}_settled + ${name}_reserved <= ${name}_limit + ${name}_over + ${name}_above);`,
  )
  .join('')

const TABLES = /* sql */ `
alter table flotilla.tasks add column wait jsonb; -- handed back for a closed lane, or for room: until when, and its place there
alter table flotilla.tasks add column optional boolean not null default false; -- what waits for it goes on without it where it fails or is left out

-- the only index that begins with run_id is the primary key: on a small table both cost the same, and a plan with the wrong one
-- reads all tasks of a run for each of them
alter table flotilla.task_specs drop constraint task_specs_run_id_key_key, add unique (key, run_id);

alter table flotilla.agents add column model_settings jsonb not null default '{}'; -- how its model is called

alter table flotilla.budget_calls
  add column purpose text,                       -- of a model call: task, judge, plan or analysis
  add column usage jsonb,                        -- tokens by kind
  add column parts jsonb,                        -- US dollars by kind
  add column estimated boolean not null default false, -- its provider told no usage, or not all of it
  drop constraint budget_calls_pkey,
  alter column run_id drop not null;             -- null: of no run, on the month alone
create unique index budget_calls_key on flotilla.budget_calls (run_id, key);
create unique index budget_calls_month_key on flotilla.budget_calls (workspace_id, key) where run_id is null;
create index budget_calls_month_open on flotilla.budget_calls (reserved_at) where run_id is null and status = 'reserved';
create index budget_calls_unknown on flotilla.budget_calls (workspace_id, run_id) where kind = 'model' and (status = 'lost' or estimated);
create index budget_calls_paid on flotilla.budget_calls (workspace_id, reserved_at) where kind = 'model' and status in ('settled', 'lost');
grant usage on sequence flotilla.budgets_id_seq to flotilla_app;
grant update (budget) on flotilla.workspaces to flotilla_app; -- a request sets the limits of its workspace, and nothing else of it

alter table flotilla.documents
  add column media_type text,                    -- of an image or a PDF, whose content is empty and which has no lines; null: text
  add column media bytea,                        -- its bytes
  add column pages int,                          -- of a PDF, as counted when it came
  add check ((media_type is null) = (media is null));
alter table flotilla.documents alter column media set storage external; -- they are compressed already

create table flotilla.model_lanes (              -- one row for each provider, model and key: what the rate gate remembers
  id text collate "C" primary key,
  state jsonb not null
) with (fillfactor = 50);
grant select, insert, update on flotilla.model_lanes to flotilla_app, flotilla_engine;
${beyond}
`

/** Calls as they are admitted and settled, and the rate gate's lanes. */
export const calls: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(TABLES).execute(db)
  },
}
