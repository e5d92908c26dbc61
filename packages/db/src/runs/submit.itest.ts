import type { CreateRun } from '@flotilla/domain'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDb, type Db } from '../connect.ts'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { submitRuns, type Submission } from './submit.ts'

let record: TestRecord
let db: Db
beforeAll(async () => {
  record = await openRecord()
  db = createDb(record.open('app'))
})
afterAll(() => record.close())

const body: CreateRun = {
  goal: 'Write something',
  inputs: {},
  mode: 'autonomous',
  labels: {},
  budget: null,
  documents: [],
  collections: [],
  workflow: null,
  approval: null,
  plan: { tasks: [], result: null },
  start: true,
  priority: 5,
}
const submission = (uid: string, key?: string, bodyHash = 'same'): Submission => ({
  workspaceId: 1,
  uid,
  body,
  key: key === undefined ? null : { workspaceId: 1, operation: 'POST /v1/runs', key, bodyHash },
})
const written = async (like: string): Promise<number> => {
  const { rows } = await record.pool.query<{ runs: number; specs: number; plans: number; events: number }>(
    `select count(r.id)::int as runs, count(s.run_id)::int as specs, count(p.run_id)::int as plans, count(e.run_id)::int as events
     from flotilla.runs r left join flotilla.run_specs s on s.run_id = r.id left join flotilla.plans p on p.run_id = r.id
       left join flotilla.events e on e.run_id = r.id where r.uid like $1`,
    [like],
  )
  const { runs, ...others } = rows[0] ?? { runs: -1, specs: -1, plans: -1, events: -1 }
  expect(others).toEqual({ specs: runs, plans: runs, events: runs })
  return runs
}

it('answers a repetition whose first answer was lost with what stands there, beside what is new', async () => {
  const first = await submitRuns(db, [submission('run_lost_1'), submission('run_lost_2')])
  const again = await submitRuns(db, [submission('run_lost_2'), submission('run_lost_3'), submission('run_lost_1')])
  expect([again[2], again[0]]).toEqual(first)
  expect(new Set([...first, ...again].map((answer) => 'id' in answer && answer.id))).toHaveLength(3)
  expect(await written('run_lost_%')).toBe(3)
})

it('answers a key that was used with its first response, which says what its run was answered with', async () => {
  const [made] = await submitRuns(db, [submission('run_key_1', 'one')])
  const answers = await submitRuns(db, [
    submission('run_key_2', 'one'),
    submission('run_key_3', 'one', 'another'),
    submission('run_key_4', 'two'),
  ])
  const createdAt = made !== undefined && 'createdAt' in made ? made.createdAt.toISOString() : ''
  const response = { id: 'run_key_1', status: 'created', priority: 5, planVersion: 1, createdAt }
  expect(answers.slice(0, 2)).toEqual([
    { n: 0, bodyHash: 'same', response },
    { n: 1, bodyHash: 'same', response },
  ])
  expect(answers[2]).toMatchObject({ id: expect.any(Number) })
  expect(await written('run_key_%')).toBe(2)
})

it('writes one run for a key that stands twice in what comes together', async () => {
  const answers = await submitRuns(db, [submission('run_twin_1', 'twin'), submission('run_twin_2', 'twin')])
  expect(answers[0]).toMatchObject({ id: expect.any(Number) })
  expect(answers[1]).toMatchObject({ bodyHash: 'same', response: { id: 'run_twin_1' } })
  expect(await written('run_twin_%')).toBe(1)
})
