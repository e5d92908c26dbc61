import { createDb, createPool, inWorkspace, listRuns, readRun, lockRun } from '@flotilla/db'
import { submitRun, cancelRun, startRun, deleteRun, replacePlan, readEventPage } from '@flotilla/engine'
import { CreateRunSchema, PlanSchema } from '@flotilla/domain'
import { systemClock } from '@flotilla/runtime'
import { randomBytes } from 'node:crypto'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApi, type Api } from './testing/api-fixture.ts'

const OTHER = 2
let api: Api
let theirs = ''
let pool: ReturnType<typeof createPool>
beforeAll(async () => {
  api = await openApi()
  await api.pool.query("insert into flotilla.workspaces (id, uid, name) values ($1, 'wsp_other', 'other')", [OTHER])
  pool = createPool({ url: api.databaseUrl, role: 'app', max: 2, applicationName: 'test', onError: () => {} })
  const deps = {
    db: createDb(pool),
    clock: systemClock,
    random: randomBytes,
    wake: { plan: async () => {}, finish: async () => {}, tasks: async () => {} },
  }
  const plan = { tasks: [{ key: 'a', role: 'writer' }] }
  const body = v.parse(CreateRunSchema, { goal: 'theirs', plan, documents: [{ name: 'a', content: 'b' }] })
  const result = await submitRun(deps, { workspaceId: OTHER, body, bodyHash: 'x', idempotencyKey: 'shared' })
  if (!result.ok) throw new Error(result.detail)
  theirs = result.value.id
})
afterAll(async () => {
  await pool.end()
  await api.close()
})

it.each([
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/start'],
  ['POST', '/cancel'],
  ['GET', '/plan'],
  ['GET', '/tasks'],
  ['GET', '/tasks/a'],
  ['GET', '/tasks/a/stream'],
  ['GET', '/events'],
  ['GET', '/events/stream'],
  ['GET', '/report'],
  ['GET', '/artifacts'],
  ['GET', '/artifacts/a'],
  ['GET', '/documents'],
  ['GET', '/documents/a'],
])("another workspace's run is 404 for %s %s", async (method, path) => {
  expect((await api.call(method, `/v1/runs/${theirs}${path}`)).status).toBe(404)
})

it("another workspace's plan cannot be replaced, and the run stays as it was", async () => {
  const json = { tasks: [{ key: 'b', role: 'writer' }] }
  expect((await api.call('PUT', `/v1/runs/${theirs}/plan`, { json })).status).toBe(404)
  const run = await inWorkspace(createDb(pool), OTHER, (tx) => readRun(tx, theirs))
  expect(run).toMatchObject({ status: 'created', planVersion: 1 })
})

it('is in no list but its own', async () => {
  expect(((await api.call('GET', '/v1/runs')).json as { items: unknown[] }).items).toEqual([])
  const times = { from: null, to: null, before: null }
  const filter = { workspaceId: OTHER, which: {}, text: null, ...times, limit: 10 }
  const own = await inWorkspace(createDb(pool), OTHER, (tx) => listRuns(tx, filter))
  expect(own.items.map((item) => item.id)).toEqual([theirs])
})

it('does not share idempotency keys', async () => {
  const answer = await api.call('POST', '/v1/runs', {
    json: { goal: 'ours' },
    headers: { 'idempotency-key': 'shared' },
  })
  expect([answer.status, (answer.json as { id: string }).id === theirs]).toEqual([202, false])
})

it('is invisible without any workspace, and cannot be written from another', async () => {
  const db = createDb(pool)
  expect(await db.selectFrom('runs').selectAll().execute()).toEqual([])
  await expect(
    inWorkspace(db, 1, (tx) => tx.insertInto('collections').values({ workspace_id: OTHER, run_id: null }).execute()),
  ).rejects.toThrow(/row-level security/)
})

it('is held by every use case, not by its caller', async () => {
  const deps = {
    db: createDb(pool),
    hints: api.hints,
    wake: { plan: async () => {}, finish: async () => {}, tasks: async () => {} },
  }
  const ref = { workspaceId: 1, runId: theirs }
  const plan = v.parse(PlanSchema, { tasks: [{ key: 'b', role: 'writer' }] })
  const results = [
    await startRun(deps, ref),
    await cancelRun(deps, ref),
    await deleteRun(deps, ref),
    await replacePlan(deps, { ...ref, plan }),
    await readEventPage(deps, { ...ref, after: 0, limit: 10 }),
  ]
  for (const result of results) expect(result).toMatchObject({ ok: false, code: 'not_found' })
  expect(await inWorkspace(deps.db, 1, (tx) => lockRun(tx, theirs))).toBeNull()
})
