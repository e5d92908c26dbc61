import type pg from 'pg'

const IDENTIFIER = /^[a-z_]+$/

/**
 * Makes copies of a run that has ended, with all that hangs on it: a history of what the record holds by itself. What the copies have
 * of their own: the run's number, and in it their place; what is called `uid`. `db` is a superuser's. What the server knows of the
 * tables stays as it was: an `analyze` is the caller's.
 */
export async function copyRun(db: pg.Client, uid: string, copies: number): Promise<void> {
  const { rows } = await db.query<{ id: string; last: string }>(
    'select id, (select max(id) from flotilla.runs) as last from flotilla.runs where uid = $1',
    [uid],
  )
  const [id, last] = [Number(rows[0]?.id), Number(rows[0]?.last)]
  const tables = await tablesOf(db, id)
  // Copies of what the foreign keys and triggers have let pass; checking each again would take most of the time.
  await db.query('set session_replication_role = replica')
  for (const { name, columns } of [{ name: 'runs', columns: await columnsOf(db, 'runs') }, ...tables])
    await db.query(copyStatement(name, columns), [id, copies, last])
  await db.query('set session_replication_role = origin')
  await db.query(`select setval(pg_get_serial_sequence('flotilla.runs', 'id'), (select max(id) from flotilla.runs))`)
}

type Table = Readonly<{ name: string; columns: readonly string[] }>

/** Tables with rows of the run. */
async function tablesOf(db: pg.Client, runId: number): Promise<Table[]> {
  const { rows } = await db.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'run_id'
     where c.relnamespace = 'flotilla'::regnamespace and c.relkind = 'r' and not a.attisdropped`,
  )
  const tables: Table[] = []
  for (const { name } of rows) {
    const found = await db.query(`select from flotilla.${quoted(name)} where run_id = $1 limit 1`, [runId])
    if (found.rowCount !== 0) tables.push({ name, columns: await columnsOf(db, name) })
  }
  return tables
}

async function columnsOf(db: pg.Client, table: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
    [`flotilla.${table}`],
  )
  return rows.map(({ name }) => name)
}

/**
 * Takes the run's id, how many copies there are to be, and the last id that is taken. Copy by copy, since the rows of a run lie together:
 * whoever reads one would otherwise read a page of the disk for each of them.
 */
export function copyStatement(table: string, columns: readonly string[]): string {
  const key = table === 'runs' ? 'id' : 'run_id'
  const values = columns.map((column) => {
    if (column === key) return '$3::bigint + g'
    if (column === 'id') return 'default'
    if (column === 'uid') return `overlay(t.uid placing lpad(to_hex(g), 8, '0') from length(t.uid) - 7)`
    return `t.${quoted(column)}`
  })
  const kept = columns.flatMap((column, i) => (values[i] === 'default' ? [] : [{ column, value: values[i] }]))
  return `insert into flotilla.${quoted(table)} (${kept.map(({ column }) => quoted(column)).join(', ')}) overriding system value
    select ${kept.map(({ value }) => value).join(', ')} from generate_series(1, $2::int) g
      cross join lateral (select * from flotilla.${quoted(table)} where ${key} = $1::bigint and g > 0 offset 0) t`
}

function quoted(name: string): string {
  if (!IDENTIFIER.test(name)) throw new Error(`no column or table of the record is called "${name}"`)
  return name
}
