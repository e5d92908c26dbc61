import { sql, type Kysely } from 'kysely'

/** What decides whether a database can hold the record, beside its migrations. */
export type DatabaseFacts = Readonly<{
  /** A hot standby follows another server and takes no writes. */
  standby: boolean
  /** By a setting of the database, the role or the connection. */
  readOnly: boolean
  /** Tables in the schema `flotilla`, and the columns of the one called `migrations`. */
  tables: readonly string[]
  migrationColumns: readonly string[]
  mayCreateSchema: boolean
  mayUseSchema: boolean
  /** Roles of ours that are there, and that this login is no member of. */
  strangeRoles: readonly string[]
  missingRoles: readonly string[]
  mayCreateRoles: boolean
  /** Why it refuses a small write: SQLSTATE and message; null when it took one. */
  refusesWrites: Readonly<{ code: string; message: string }> | null
}>

export async function readDatabaseFacts(db: Kysely<unknown>): Promise<DatabaseFacts> {
  const { rows } = await sql<Omit<DatabaseFacts, 'refusesWrites'>>`
    with ours as (select unnest(array['flotilla_app', 'flotilla_engine']) as role),
      there as (select ours.role, r.oid from ours left join pg_roles r on r.rolname = ours.role)
    select pg_is_in_recovery() as standby,
      current_setting('default_transaction_read_only') = 'on' as "readOnly",
      coalesce((select array_agg(c.relname::text) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'flotilla' and c.relkind in ('r', 'p', 'v')), '{}') as tables,
      coalesce((select array_agg(a.attname::text) from pg_attribute a
        where a.attrelid = to_regclass('flotilla.migrations') and a.attnum > 0 and not a.attisdropped), '{}') as "migrationColumns",
      has_database_privilege(current_database(), 'CREATE') as "mayCreateSchema",
      coalesce((select has_schema_privilege(oid, 'USAGE') from pg_namespace where nspname = 'flotilla'), true) as "mayUseSchema",
      coalesce((select array_agg(role) from there where oid is not null and not pg_has_role(current_user, oid, 'MEMBER')), '{}') as "strangeRoles",
      coalesce((select array_agg(role) from there where oid is null), '{}') as "missingRoles",
      coalesce((select rolcreaterole or rolsuper from pg_roles where rolname = current_user), false) as "mayCreateRoles"`.execute(
    db,
  )
  const facts = rows[0]
  if (facts === undefined) throw new Error('the server answers no row to a question that has one')
  return { ...facts, refusesWrites: facts.standby || facts.readOnly ? null : await refusedWrite(db) }
}

/** Eight pages of a temporary table: what a full disk refuses, and what the queue's functions need, too. */
async function refusedWrite(db: Kysely<unknown>): Promise<DatabaseFacts['refusesWrites']> {
  try {
    await db.transaction().execute(async (tx) => {
      await sql`create temporary table flotilla_check on commit drop as select repeat('x', 500) as filler from generate_series(1, 128)`.execute(
        tx,
      )
    })
    return null
  } catch (error) {
    const { code = '', message = '' } = error as { code?: string; message?: string }
    return { code, message }
  }
}
