import { base32 } from '@flotilla/domain'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApi, problemOf, type Api } from './testing/api-fixture.ts'

type Page = { items: { id: string; status: string }[]; nextCursor: string | null }

const OLD = `run_${base32(Date.parse('2026-01-01T00:00:00Z'), 10)}${'0'.repeat(16)}`

let api: Api
const ids: string[] = []
beforeAll(async () => {
  api = await openApi()
  for (let i = 0; i < 7; i++)
    ids.push(await api.submit({ goal: `goal ${i}`, labels: { team: i % 2 === 0 ? 'infra' : 'web', n: String(i) } }))
  await api.call('POST', `/v1/runs/${ids[1]}/cancel`)
  await api.call('POST', `/v1/runs/${ids[4]}/cancel`)
  // The run's id tells its time as well, so both move.
  await api.pool.query(
    "update flotilla.runs set created_at = '2026-01-01T00:00:00Z', uid = 'run_' || $2 where uid = $1",
    [ids[0], OLD.slice(4)],
  )
  ids[0] = OLD
})
afterAll(() => api.close())

const list = async (query: string): Promise<Page> => (await api.call('GET', `/v1/runs?${query}`)).json
const found = async (query: string): Promise<number[]> => (await list(query)).items.map((item) => ids.indexOf(item.id))

it('is newest first, page by page, each run once', async () => {
  const seen: string[] = []
  let cursor: string | null = ''
  let pages = 0
  while (cursor !== null) {
    const page: Page = await list(`limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
    seen.push(...page.items.map((item) => item.id))
    cursor = page.nextCursor
    pages += 1
  }
  expect(seen).toEqual(ids.toReversed())
  expect(pages).toBe(3)
})

it('keeps its place when newer runs come between two pages', async () => {
  const first = await list('limit=2')
  const newer = await api.submit()
  await api.call('POST', `/v1/runs/${newer}/cancel`)
  const second = await list(`limit=2&cursor=${first.nextCursor}`)
  expect(second.items.map((item) => ids.indexOf(item.id))).toEqual([4, 3])
  expect((await api.call('DELETE', `/v1/runs/${newer}`)).status).toBe(204)
})

it('says on a page that ends exactly with the list that there is no other', async () => {
  expect((await list('status=cancelled&limit=2')).nextCursor).toBeNull()
})

it('finds text in goals, whatever its case, and ids by how they begin', async () => {
  expect(await found('q=GOAL%203')).toEqual([3])
  expect(await found('q=goal&status=cancelled')).toEqual([4, 1])
  expect(await found(`q=${OLD}`)).toEqual([0])
  expect(await found('q=%25')).toEqual([])
  expect(await found('q=goa_')).toEqual([])
})

it('filters by statuses', async () => {
  expect(await found('status=cancelled')).toEqual([4, 1])
  expect(await found('status=created,cancelled&limit=4')).toEqual([6, 5, 4, 3])
  expect(await found('status=completed')).toEqual([])
})

it('filters by all of the labels', async () => {
  expect(await found('label=team:infra')).toEqual([6, 4, 2, 0])
  expect(await found('label=team:infra&label=n:4')).toEqual([4])
  expect(await found('label=team:infra&label=n:1')).toEqual([])
  expect(await found('label=team:infra&status=cancelled')).toEqual([4])
})

it('filters by the time of creation', async () => {
  expect(await found('to=2026-02-01')).toEqual([0])
  expect(await found('from=2026-02-01T00:00:00Z')).toEqual([6, 5, 4, 3, 2, 1])
  expect(await found('from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z')).toEqual([])
  expect(await found('from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00.001Z')).toEqual([0])
  expect(await found('from=2099-01-01')).toEqual([])
})

it('leaves out of a list what can be large', async () => {
  const { items } = await list('limit=1')
  expect(items[0]).not.toHaveProperty('inputs')
  expect(items[0]).not.toHaveProperty('result')
  expect(items[0]).toMatchObject({ goal: 'goal 6', progress: { percent: 0 } })
})

it('says that stored workflows are not built yet', async () => {
  const answer = await api.call('GET', '/v1/runs?workflow=research')
  expect([answer.status, problemOf(answer).code]).toEqual([422, 'unsupported'])
})

it.each([
  ['limit=0', '/limit'],
  ['limit=1001', '/limit'],
  ['limit=ten', '/limit'],
  ['limit=1&limit=2', '/limit'],
  ['cursor=%00', '/cursor'],
  ['cursor=bm90YW51bWJlcg', '/cursor'],
  ['status=done', '/status'],
  ['status=created,', '/status'],
  ['label=nocolon', '/label'],
  ['label=a:%00', '/label'],
  ['from=yesterday', '/from'],
  ['from=2026-13-01', '/from'],
  ['to=2026-01-01T00:00', '/to'],
  ['page=2', '/page'],
])('refuses %s', async (query, path) => {
  const answer = await api.call('GET', `/v1/runs?${query}`)
  expect(answer.status).toBe(422)
  expect(problemOf(answer)).toMatchObject({ code: 'invalid_input', errors: [{ path }] })
})
