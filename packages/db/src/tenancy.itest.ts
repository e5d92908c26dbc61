import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, type TestRecord } from './testing/record-fixture.ts'
import { fillWorkspace } from './testing/fill-workspace.ts'

/** Of the instance, not of a workspace. */
const INSTANCE = ['migrations', 'migrations_lock', 'model_lanes', 'pools', 'schema_state', 'share_clock', 'workers']
/** They run with the rights of whoever calls them, and so within his workspace. */
const FOR_REQUESTS = [
  'append_event',
  'budget_stop',
  'end_call',
  'is_nearly_spent',
  'limit_budget',
  'limited_accounts',
  'open_budget',
  'open_month',
  'reserve_month_call',
  'settle_month_call',
  'submit_runs',
  'tables_of_runs',
  'warn_budgets',
]
/** What only transitions write, with the run's workspace and under its lock: they have no foreign key on runs (ADR 13). */
const WITHOUT_KEYS = [
  'attempts',
  'budget_calls',
  'budgets',
  'events',
  'outputs',
  'task_specs',
  'tasks',
  'tool_calls',
  'turns',
  'verdicts',
]
const ROLES = ['flotilla_app', 'flotilla_engine'] as const
const DENIED = '42501'

let record: TestRecord
let app: pg.Pool
let tables: string[]
let [a, b] = [1, 0]

beforeAll(async () => {
  record = await openRecord()
  app = record.open('app')
  const { rows } = await record.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'flotilla'::regnamespace and relkind in ('r', 'p') order by 1`,
  )
  tables = rows.map((row) => row.name).filter((name) => !INSTANCE.includes(name))
  b = (
    await record.pool.query<{ id: number }>(
      `insert into flotilla.workspaces (uid, name) values ('wsp_b', 'b') returning id`,
    )
  ).rows[0]?.id as number
  await fillWorkspace(record, a)
  await fillWorkspace(record, b)
})
afterAll(() => record.close())

const keyOf = (table: string): string => (table === 'workspaces' ? 'id' : 'workspace_id')

/** In a transaction that is rolled back; the SQLSTATE where the statement is refused, else the rows that it met. */
async function met(pool: pg.Pool, workspaceId: number | null, text: string): Promise<number | string> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    if (workspaceId !== null)
      await client.query(`select set_config('app.workspace_id', $1, true)`, [String(workspaceId)])
    const { rowCount } = await client.query(text)
    return rowCount ?? 0
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  } finally {
    await client.query('rollback')
    client.release()
  }
}

/** The same question of every table, as one answer a table. */
async function ofEach(ask: (table: string) => Promise<number | string>): Promise<Record<string, number | string>> {
  const answers: Record<string, number | string> = {}
  for (const table of tables) answers[table] = await ask(table)
  return answers
}

const all = (value: number | string): Record<string, number | string> =>
  Object.fromEntries(tables.map((table) => [table, value]))

describe('the catalogue', () => {
  it('forces row-level security on every table of a workspace', async () => {
    const { rows } = await record.pool.query<{ relname: string }>(
      `select relname from pg_class where relnamespace = 'flotilla'::regnamespace and relkind in ('r', 'p')
         and not (relrowsecurity and relforcerowsecurity) order by 1`,
    )
    expect(rows.map((row) => row.relname)).toEqual(INSTANCE)
  })

  it('has one policy for each role on each of them, for reads and writes alike', async () => {
    const { rows } = await record.pool.query<{ tablename: string; roles: string; cmd: string }>(
      `select tablename, roles::text, cmd from pg_policies where schemaname = 'flotilla' and permissive = 'PERMISSIVE'`,
    )
    const expected = tables.flatMap((table) => ROLES.map((role) => `${table} {${role}} ALL`))
    expect(rows.map((row) => `${row.tablename} ${row.roles} ${row.cmd}`).toSorted()).toEqual(expected.toSorted())
  })

  it('leaves neither role anything to own, and neither goes round row-level security', async () => {
    const { rows: owned } = await record.pool.query(
      `select relname from pg_class where relnamespace = 'flotilla'::regnamespace and relowner::regrole::text = any ($1)
       union all select proname from pg_proc where pronamespace = 'flotilla'::regnamespace and proowner::regrole::text = any ($1)`,
      [ROLES],
    )
    expect(owned).toEqual([])
    const { rows: roles } = await record.pool.query(
      `select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname = any ($1) order by 1`,
      [ROLES],
    )
    const harmless = { rolsuper: false, rolbypassrls: false, rolcanlogin: false, rolcreaterole: false }
    expect(roles).toEqual(ROLES.map((rolname) => ({ rolname, ...harmless })))
  })

  it('has a workspace in every row, and in every reference between rows', async () => {
    const { rows } = await record.pool.query<{ table: string; keys: string[]; required: boolean }>(
      `select c.relname as table,
         (select a.attnotnull from pg_attribute a where a.attrelid = c.oid and a.attname = 'workspace_id') as required,
         coalesce((select array_agg(f.confrelid::regclass::text || ' ' || (
             select string_agg(a.attname, ',' order by k.n) from unnest(f.conkey) with ordinality k(num, n)
               join pg_attribute a on a.attrelid = c.oid and a.attnum = k.num) order by 1)
           from pg_constraint f where f.conrelid = c.oid and f.contype = 'f'), '{}') as keys
       from pg_class c where c.relnamespace = 'flotilla'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    )
    const owned = rows.filter((row) => tables.includes(row.table) && row.table !== 'workspaces')
    expect(owned.filter((row) => !row.required)).toEqual([])
    expect(owned.filter((row) => row.keys.length === 0 && !WITHOUT_KEYS.includes(row.table))).toEqual([])
    const across = owned.flatMap((row) => row.keys.filter((key) => !/ (?:\w+,)*workspace_id(?:,|$)/.test(key)))
    expect(across).toEqual([])
  })

  it('ties every row of a run to a run of its own workspace, but for what transitions write', async () => {
    const { rows } = await record.pool.query<{ table: string }>(
      `select c.relname as table from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'run_id'
       where c.relnamespace = 'flotilla'::regnamespace and c.relkind in ('r', 'p') and not exists (
         select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.confrelid = 'flotilla.runs'::regclass
           and cardinality(f.conkey) = 2 and f.confdeltype = 'c') order by 1`,
    )
    expect(rows.map((row) => row.table)).toEqual(WITHOUT_KEYS)
  })

  it('gives the role of requests none of the functions that are the engine’s alone', async () => {
    const { rows } = await record.pool.query<{ name: string; app: boolean; engine: boolean; definer: boolean }>(
      `select proname as name, has_function_privilege('flotilla_app', oid, 'execute') as app,
         has_function_privilege('flotilla_engine', oid, 'execute') as engine, prosecdef as definer
       from pg_proc where pronamespace = 'flotilla'::regnamespace order by 1`,
    )
    expect(rows.length).toBeGreaterThan(5)
    expect(rows.filter((row) => row.app).map((row) => row.name)).toEqual(FOR_REQUESTS)
    expect(rows.filter((row) => !row.engine || row.definer)).toEqual([])
  })
})

describe('a request of one workspace', () => {
  it('has something to meet in every table', async () => {
    for (const workspaceId of [a, b])
      expect(
        await ofEach((table) =>
          met(record.pool, null, `select from flotilla.${table} where ${keyOf(table)} = ${workspaceId}`),
        ),
      ).toEqual(all(1))
  })

  it('sees its own rows and no others', async () => {
    expect(await ofEach((table) => met(app, a, `select from flotilla.${table}`))).toEqual(all(1))
    expect(await ofEach((table) => met(app, a, `select from flotilla.${table} where ${keyOf(table)} = ${b}`))).toEqual(
      all(0),
    )
  })

  it('changes and removes nothing of another', async () => {
    const readOnly = { workspaces: DENIED, agent_versions: DENIED, agent_stats: DENIED, shares: DENIED, parked: DENIED }
    const update = (table: string): string => `update flotilla.${table} set ${keyOf(table)} = ${keyOf(table)}`
    expect(await ofEach((table) => met(app, a, `${update(table)} where ${keyOf(table)} = ${b}`))).toEqual({
      ...all(0),
      ...readOnly,
    })
    expect(await ofEach((table) => met(app, a, `delete from flotilla.${table} where ${keyOf(table)} = ${b}`))).toEqual({
      ...all(0),
      ...readOnly,
    })
  })

  it('cannot put a row into another, nor give one away', async () => {
    const columns = async (table: string): Promise<string> => {
      const { rows } = await record.pool.query<{ list: string }>(
        `select string_agg(quote_ident(attname), ',' order by attnum) as list from pg_attribute
         where attrelid = ('flotilla.' || $1)::regclass and attnum > 0 and attgenerated = '' and attname <> $2`,
        [table, keyOf(table)],
      )
      return rows[0]?.list ?? ''
    }
    const given = await ofEach((table) => met(app, a, `update flotilla.${table} set ${keyOf(table)} = ${b}`))
    // A key that others point to does not move at all.
    expect(new Set(Object.values(given))).toEqual(new Set([DENIED]))
    const copied = await ofEach(async (table) => {
      const list = await columns(table)
      return met(
        app,
        a,
        `insert into flotilla.${table} (${list}, ${keyOf(table)}) overriding system value select ${list}, ${b} from flotilla.${table}`,
      )
    })
    expect(copied).toEqual(all(DENIED))
  })

  it('cannot log an event for another’s run', async () => {
    const { rows } = await record.pool.query<{ id: number }>('select id from flotilla.runs where workspace_id = $1', [
      b,
    ])
    const call = `select flotilla.append_event(${rows[0]?.id}, ${a}, null, 'run.created', '{}', clock_timestamp())`
    expect(await met(app, a, call)).toBe('23502')
    expect(await met(app, b, call)).toBe(DENIED)
  })

  it('is refused the step, the sweep and the limits of the instance', async () => {
    expect(await met(app, a, `select flotilla.sweep(0, 10, true, true, 5)`)).toBe(DENIED)
    expect(await met(app, a, `select flotilla.heartbeat('{}', '{}', '{}', '1 s')`)).toBe(DENIED)
    expect(await met(app, a, `update flotilla.pools set max_running = 0`)).toBe(DENIED)
    expect(await met(app, a, `delete from flotilla.migrations`)).toBe(DENIED)
  })
})

describe('without a workspace', () => {
  it('the role of requests sees nothing', async () => {
    expect(await ofEach((table) => met(app, null, `select from flotilla.${table}`))).toEqual(all(0))
  })

  it('neither does a session whose last transaction had one', async () => {
    const client = await app.connect()
    await client.query(`begin; set local app.workspace_id = '1'`)
    expect((await client.query('select from flotilla.runs')).rowCount).toBe(1)
    await client.query('commit')
    expect((await client.query('select from flotilla.runs')).rowCount).toBe(0)
    client.release()
  })

  it('the engine sees all', async () => {
    expect(await ofEach((table) => met(record.pool, null, `select from flotilla.${table}`))).toEqual(all(2))
  })
})
