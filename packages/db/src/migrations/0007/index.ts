import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { tenantTables } from '../tenant-tables.ts'

/**
 * What an agent was before each change; what it is stands in its own row. So neither seeding nor earlier code has anything to
 * write here, and an agent that is never changed has no row.
 */
const TABLES = /* sql */ `
create table flotilla.agent_versions (
  workspace_id bigint not null,
  agent_id bigint not null,
  version int not null,
  definition jsonb not null,                     -- as a client may set it
  since timestamptz not null,                    -- when it came to be so
  primary key (workspace_id, agent_id, version),
  foreign key (workspace_id, agent_id) references flotilla.agents (workspace_id, id) on delete cascade
);
${tenantTables('agent_versions')}
revoke update, delete on flotilla.agent_versions from flotilla_app, flotilla_engine;
`

/** Earlier versions of agents. */
export const agentVersions: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw(TABLES).execute(db)
  },
}
