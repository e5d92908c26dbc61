import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { tenantTables } from '../tenant-tables.ts'

const TABLES = /* sql */ `
create table flotilla.schema_state (              -- one row: what is made anew rather than migrated
  one boolean primary key default true check (one),
  functions text not null,                       -- hash of the functions' text
  oldest_code int not null                       -- code that knows fewer migrations than this cannot work with the schema
);
grant select on flotilla.schema_state to flotilla_app, flotilla_engine;

alter table flotilla.runs
  add column resume_to text,                     -- paused: the status that it goes on in
  add column paused_at timestamptz,
  add column deadline timestamptz,               -- end of its wall time; null: none, or not started
  add column paused_ms bigint not null default 0; -- of its time since its start: what it was paused
create index runs_deadline on flotilla.runs (deadline) where live and deadline is not null;
alter table flotilla.tasks
  add column continuations smallint not null default 0,
  add column judge_failures smallint not null default 0; -- of the judges of the output at hand

alter table flotilla.runs                        -- what became of it once it was old; requests do not see what is being removed
  add column retention text check (retention in ('trimming', 'trimmed', 'removing'));
create index runs_ended on flotilla.runs (finished_at) where not live and retention is distinct from 'removing';
create index runs_untrimmed on flotilla.runs (finished_at) where not live and retention is null;
create index runs_cleaning on flotilla.runs (id) where retention in ('trimming', 'removing');
create index idempotency_keys_age on flotilla.idempotency_keys (created_at);
alter policy workspace on flotilla.runs using (
  workspace_id = nullif(current_setting('app.workspace_id', true), '')::bigint and retention is distinct from 'removing');

alter table flotilla.tasks add column start_within int; -- seconds that it may be claimable before a claim; never changes
create index tasks_start_within on flotilla.tasks (run_id) where start_within is not null;
alter table flotilla.task_specs add column error jsonb; -- why it failed, where no attempt can say so

alter table flotilla.tool_calls
  add column may_repeat boolean not null default false; -- of unknown outcome, and a person has said: repeat it, once

create table flotilla.approvals (                -- what rests until a person has decided
  id bigint generated always as identity primary key,
  workspace_id bigint not null,
  uid text collate "C" not null unique,
  run_id bigint not null,
  idx int,
  attempt int,
  kind text not null,
  subject jsonb not null,                        -- what is to be decided
  status text not null default 'pending' check (status in ('pending', 'decided', 'expired', 'withdrawn')),
  decision text,
  result text,
  comment text,
  decided_by text,
  requested_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  decided_at timestamptz,
  foreign key (workspace_id, run_id) references flotilla.runs (workspace_id, id) on delete cascade
);
create index approvals_run on flotilla.approvals (run_id);
create index approvals_pending on flotilla.approvals (expires_at) where status = 'pending';

create table flotilla.cancellations (            -- what a cancel stopped, and what was spent after it
  run_id bigint primary key,
  workspace_id bigint not null,
  requested_at timestamptz not null,
  was text not null,                             -- the run's status
  tasks jsonb not null,                          -- counts by the status that they had
  spent jsonb not null,                          -- when it was requested
  calls int not null default 0,                  -- attempts, judges and planners that have ended since
  late jsonb not null default '{}',              -- their usage
  last_stopped_at timestamptz,
  foreign key (workspace_id, run_id) references flotilla.runs (workspace_id, id) on delete cascade
);

create table flotilla.dead_letters (             -- tasks that are not tried again, for a person to look at; named by run and task
  id bigint generated always as identity primary key,
  workspace_id bigint not null,
  run_id bigint not null,
  idx int not null,
  reason text not null,
  error jsonb not null,
  at timestamptz not null default clock_timestamp(),
  redriven_at timestamptz,
  redriven_to text,                              -- the run that goes on with it
  unique (run_id, idx),
  foreign key (workspace_id, run_id) references flotilla.runs (workspace_id, id) on delete cascade
);
create index dead_letters_list on flotilla.dead_letters (workspace_id, id);
`

/** Pausing, cancel receipts, approvals, dead letters; functions are made anew from here on. */
export const control: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(TABLES + tenantTables('approvals', 'cancellations', 'dead_letters')).execute(db)
  },
}
