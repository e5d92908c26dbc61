import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDb } from './connect.ts'
import { createStatementNames } from './prepared-statements.ts'
import { openRecord, type TestRecord } from './testing/record-fixture.ts'

let record: TestRecord

beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

it('prepares what comes again and again, once a connection, and answers alike', async () => {
  const db = createDb(record.open('engine', 1))
  const answers: number[] = []
  for (const n of [1, 2, 3, 4, 5]) {
    const { rows } = await sql<{ twice: number }>`select ${n}::int * 2 as twice`.execute(db)
    answers.push(rows[0]?.twice ?? 0)
  }
  expect(answers).toEqual([2, 4, 6, 8, 10])
  const { rows } = await sql<{ statement: string; runs: number }>`
    select statement, (generic_plans + custom_plans)::int as runs from pg_prepared_statements`.execute(db)
  expect(rows).toEqual([{ statement: 'select $1::int * 2 as twice', runs: 3 }])
})

it('survives a column that a migration adds to what it reads', async () => {
  const db = createDb(record.open('engine', 1))
  const read = () => db.selectFrom('pools').selectAll().where('role', '=', 'nobody').execute()
  for (let n = 0; n < 5; n++) await read()
  const owner = record.open('owner', 1)
  await owner.query('alter table flotilla.pools add column extra int')
  expect(await read()).toEqual([])
})

it('names no text before it has come often, none that asks for any columns, and no more than a fixed number', () => {
  const nameOf = createStatementNames()
  const often = (text: string): (string | undefined)[] => [1, 2, 3, 4].map(() => nameOf(text))
  const [first, second, third, fourth] = often('select $1')
  expect([first, second]).toEqual([undefined, undefined])
  expect(third).toMatch(/^q_[0-9a-f]{24}$/)
  expect(fourth).toBe(third)
  expect(often('select * from t where id = $1')).toEqual([undefined, undefined, undefined, undefined])
  for (let n = 0; n < 300; n++) often(`select ${n} + $1`)
  expect(often('select 1000 + $1').at(-1)).toBeUndefined()
  expect(nameOf('select $1')).toBe(third)
})
