import { afterAll, beforeAll, expect, it } from 'vitest'
import { COLUMNS } from './testing/columns.ts'
import { openRecord, type TestRecord } from './testing/record-fixture.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

it('has the tables and columns that the code says it has', async () => {
  const { rows } = await record.pool.query<{ table: string; column: string; type: string }>(
    `select c.relname as table, a.attname as column, t.typname || case when a.attnotnull then '' else '?' end as type
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
     where c.relnamespace = 'flotilla'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
       and c.relname not in ('migrations', 'migrations_lock')`,
  )
  const found: Record<string, Record<string, string>> = {}
  for (const { table, column, type } of rows) found[table] = { ...found[table], [column]: type }
  expect(found).toEqual(COLUMNS)
})
