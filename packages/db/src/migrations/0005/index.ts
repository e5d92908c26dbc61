import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { tenantTables } from '../tenant-tables.ts'

/** Row-level security has them as every table of a workspace; requests read none of it. */
const TABLES = /* sql */ `
alter table flotilla.workspaces add column weight int not null default 1 check (weight between 1 and 1000); -- its share beside others that wait

create table flotilla.shares (                   -- what each workspace has had, by virtual time: tasks over weight
  workspace_id bigint primary key references flotilla.workspaces on delete cascade,
  served float8 not null,
  run_clock float8 not null default 0            -- of its runs among themselves
) with (fillfactor = 50);

create table flotilla.parked (                   -- a run with ready tasks of a role that wait in the record; gone with the last of them
  workspace_id bigint not null,
  run_id bigint not null,
  role text not null,
  after_idx int not null,                        -- they have greater numbers
  turn float8 not null,                          -- when its next task is due, by its workspace's run_clock
  primary key (run_id, role),
  foreign key (workspace_id, run_id) references flotilla.runs (workspace_id, id) on delete cascade
);
create index parked_turns on flotilla.parked (workspace_id, turn);
${tenantTables('shares', 'parked')}
revoke insert, update, delete on flotilla.shares, flotilla.parked from flotilla_app;

create table flotilla.share_clock (              -- one row: how far the shares of those that wait have come; its lock is the order of all draws
  one boolean primary key default true check (one),
  at float8 not null default 0
) with (fillfactor = 50);
insert into flotilla.share_clock default values;
grant select, update on flotilla.share_clock to flotilla_engine;
`

/** Weighted shares of what waits. */
export const shares: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(TABLES).execute(db)
  },
}
