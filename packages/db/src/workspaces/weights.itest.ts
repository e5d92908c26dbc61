import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { replaceWorkspaceWeights } from './weights.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
  await record.pool.query(`insert into flotilla.workspaces (id, uid, name) values (2, 'wsp_2', 'two')`)
})
afterAll(() => record.close())

type Row = Readonly<{ name: string; weight: number }>
const weights = async (): Promise<Row[]> =>
  (await record.pool.query<Row>('select name, weight from flotilla.workspaces order by id')).rows

it('are set by name or id, and 1 for whoever is not named', async () => {
  expect(await weights()).toEqual([
    { name: 'default', weight: 1 },
    { name: 'two', weight: 1 },
  ])
  expect(
    await replaceWorkspaceWeights(record.db, [
      { workspace: 'default', weight: 1_000 },
      { workspace: 'wsp_2', weight: 3 },
    ]),
  ).toEqual([])
  expect((await weights()).map((row) => row.weight)).toEqual([1_000, 3])
  expect(await replaceWorkspaceWeights(record.db, [{ workspace: 'two', weight: 2 }])).toEqual([])
  expect((await weights()).map((row) => row.weight)).toEqual([1, 2])
})

it('stay as they are where somebody is named who is not there', async () => {
  const named = [
    { workspace: 'default', weight: 7 },
    { workspace: 'acme', weight: 2 },
  ]
  expect(await replaceWorkspaceWeights(record.db, named)).toEqual(['acme'])
  expect((await weights()).map((row) => row.weight)).toEqual([1, 2])
})
