import { createHash } from 'node:crypto'
import { until } from '@flotilla/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { migrate } from '../migrate.ts'
import { settle, openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { PARTS } from './index.ts'
import { makeFunctionsSql } from './make-functions.ts'

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
/** As an earlier version may have had it: one field of a type has another name. */
const EARLIER = PARTS.map((part) => part.replaceAll(/\brank\b/g, 'place'))

let record: TestRecord
beforeEach(async () => {
  record = await openRecord()
  const owner = record.open('owner', 1)
  await owner.query(`update flotilla.schema_state set functions = 'earlier'`)
  await owner.query(makeFunctionsSql(EARLIER, 'earlier', hash))
})
afterEach(() => record.close())

const names = async (): Promise<string[]> => {
  const { rows } = await record.pool.query<{ name: string }>(
    `select typname as name from pg_type where typnamespace = 'flotilla'::regnamespace and typname like 'log\\_entry\\_%'`,
  )
  return rows.map(({ name }) => name)
}

it('a step that is under way while the functions are made anew takes effect', async () => {
  const runId = await record.plant([{ status: 'in_progress', fence: 1, attempt: 1 }])
  const owner = record.open('owner', 2)
  const holder = await record.pool.connect()
  await holder.query('begin')
  await holder.query('select from flotilla.runs where id = $1 for update', [runId])
  const underWay = record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'complete')] })
  await until(
    async () => {
      const { rowCount } = await owner.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rowCount === 1
    },
    { what: 'the step waits for the run' },
  )
  expect(await migrate(record.url)).toEqual(['functions'])
  await holder.query('commit')
  holder.release()
  expect(await underWay).toMatchObject({ settled: [0], closed: [runId] })
})

it('what only an earlier text had is there until the text after it', async () => {
  expect(await names()).toHaveLength(1)
  await migrate(record.url)
  expect(await names()).toHaveLength(2)
  const owner = record.open('owner', 1)
  await owner.query(makeFunctionsSql(PARTS, 'a later text', hash))
  expect(await names()).toHaveLength(1)
})
