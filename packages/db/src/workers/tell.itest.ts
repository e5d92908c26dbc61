import { TOLD_MINUTES, type WorkerTold } from '@flotilla/domain'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { dropWorker, readWorkers, tellWorker } from './tell.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
beforeEach(() => record.pool.query('delete from flotilla.workers'))
afterAll(() => record.close())

const TOLD: WorkerTold = {
  version: '1.2.3',
  roles: ['agent:*'],
  places: 50,
  draining: false,
  minute: 29_000_000,
  done: { 'agent:writer': Array.from({ length: TOLD_MINUTES }, (_, i) => i) },
  chores: null,
}
const worker = (name: string, startedAt = new Date('2026-11-22T10:00:00Z')) => ({ name, startedAt })
const names = async (): Promise<string[]> => (await readWorkers(record.db)).map(({ name }) => name)
const grow = (name: string, seconds: number) =>
  record.pool.query(
    `update flotilla.workers set heard_at = heard_at - make_interval(secs => $2) where name = $1 returning name`,
    [name, seconds],
  )

it('a worker stands in the record with what it told last, and hears which roles there are', async () => {
  await record.pool.query(
    `insert into flotilla.agents (workspace_id, uid, origin, name, role, description, capabilities, system_prompt, tools, max_turns, max_output_tokens, enabled)
     select 1, 'agt_' || n, 'user', 'a' || n, case n when 3 then 'analyst' else 'writer' end, '', '[]', '', '[]', 1, 1, true from generate_series(1, 3) n`,
  )
  expect(await tellWorker(record.db, worker('w1'), TOLD)).toEqual(['analyst', 'writer'])
  await grow('w1', 100)
  expect((await readWorkers(record.db))[0]?.silentSeconds).toBeGreaterThanOrEqual(100)
  await tellWorker(record.db, worker('w1'), { ...TOLD, draining: true })
  const [row, ...others] = await readWorkers(record.db)
  expect(others).toEqual([])
  expect(row).toMatchObject({ ...worker('w1'), told: { ...TOLD, draining: true } })
  expect(row?.silentSeconds).toBeLessThan(100)
})

it('one that is silent for long is forgotten when another tells of itself, and comes back when it does', async () => {
  for (const name of ['w1', 'w2', 'w3']) await tellWorker(record.db, worker(name), TOLD)
  await grow('w1', 299)
  await grow('w2', 301)
  expect(await names()).toEqual(['w1', 'w2', 'w3'])
  await tellWorker(record.db, worker('w3'), TOLD)
  expect(await names()).toEqual(['w1', 'w3'])
  await tellWorker(record.db, worker('w2'), TOLD)
  expect(await names()).toEqual(['w1', 'w2', 'w3'])
})

it('workers that come back at once after an outage all tell of themselves', async () => {
  const all = Array.from({ length: 8 }, (_, i) => worker(`w${i}`))
  for (const one of all) {
    await tellWorker(record.db, one, TOLD)
    await grow(one.name, 400)
  }
  await Promise.all(all.map((one) => tellWorker(record.db, one, TOLD)))
  // A row may have been removed before its worker told of itself, never after.
  expect(await names()).toEqual(all.map(({ name }) => name))
})

it('one that ends is gone at once, but not another that has its name by now', async () => {
  const later = worker('w1', new Date('2026-11-22T11:00:00Z'))
  await tellWorker(record.db, worker('w1'), TOLD)
  await tellWorker(record.db, later, TOLD)
  await dropWorker(record.db, worker('w1'))
  expect(await names()).toEqual(['w1'])
  await dropWorker(record.db, later)
  expect(await names()).toEqual([])
})
