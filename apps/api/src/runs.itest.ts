import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunView } from '@flotilla/domain'
import { expand, numericId, openApi, problemOf, runToEnd, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const PLAN = {
  tasks: [
    { key: 'a', role: 'writer' },
    { key: 'b', role: 'writer', dependsOn: ['a'] },
  ],
}

const TEXT = {
  sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  media_type: null,
  bytes: null,
  pages: null,
  indexed: false,
}
/** There is nothing in it to index. */
const PDF = { media_type: 'application/pdf', bytes: 21, pages: 1, indexed: true }

describe('creating a run', () => {
  it('records the run, its documents, its plan and its first event, and wakes the planner', async () => {
    const documents = [
      { name: 'a.md', content: 'one\ntwo\n' },
      { name: 'b.md', content: 'ä' },
      { name: 'c.pdf', mediaType: 'application/pdf', data: Buffer.from('%PDF-1.7 /Type /Page ').toString('base64') },
    ]
    const body = { goal: '  Compare  ', documents, plan: PLAN, labels: { team: 'infra' }, budget: { tokens: 5_000 } }
    const answer = await api.call('POST', '/v1/runs', { json: body })
    expect(answer.status).toBe(202)
    const { id, status, planVersion } = answer.json as RunView
    expect(answer.headers.get('location')).toBe(`/v1/runs/${id}`)
    expect({ status, planVersion }).toEqual({ status: 'created', planVersion: 1 })
    const runId = await numericId(api, id)
    expect(api.woken).toContain(runId)
    const stored = await api.pool.query(
      'select n, name, lines, size_bytes, sha256, media_type, length(media)::int as bytes, pages, indexed from flotilla.documents d join flotilla.run_specs s on s.collection_id = d.collection_id where s.run_id = $1 order by n',
      [runId],
    )
    expect(stored.rows).toEqual([
      { n: 0, name: 'a.md', lines: 2, size_bytes: 8, ...TEXT },
      { n: 1, name: 'b.md', lines: 1, size_bytes: 2, ...TEXT },
      { ...TEXT, n: 2, name: 'c.pdf', lines: 0, size_bytes: 21, ...PDF },
    ])
    const events = await api.call('GET', `/v1/runs/${id}/events`)
    expect(events.json).toEqual({
      items: [
        {
          seq: 1,
          id: expect.stringMatching(/^evt_/),
          type: 'run.created',
          at: expect.any(String),
          runId: id,
          data: { mode: 'parallel', priority: 5, start: true, documents: 3, plannedTasks: 2 },
        },
      ],
      nextCursor: null,
    })
    const run = (await api.call('GET', `/v1/runs/${id}`)).json as RunView
    expect(run).toMatchObject({
      id,
      status: 'created',
      goal: 'Compare',
      mode: 'parallel',
      priority: 5,
      labels: { team: 'infra' },
      planVersion: 1,
      progress: { total: 0, completed: 0, failed: 0, skipped: 0, percent: 0 },
      budget: { limits: { tokens: 5_000, onExceeded: 'degrade' }, spent: { tokens: 0, seconds: 0 } },
      analysis: null,
      result: null,
      startedAt: null,
    })
    const due = await api.pool.query<{ ms: number }>(
      'select extract(epoch from due - created_at) * 1000 as ms from flotilla.runs where id = $1',
      [runId],
    )
    expect(due.rows[0]?.ms).toBeGreaterThan(2_500)
    expect(due.rows[0]?.ms).toBeLessThan(4_000)
  })

  it('answers also when the queue is away', async () => {
    const away = (): Promise<void> => Promise.reject(new Error('the queue is away'))
    const deaf = await openApi(() => ({ wake: { plan: away, finish: away, tasks: away } }))
    expect(await deaf.submit()).toMatch(/^run_/)
    await deaf.close()
  })
})

describe('an idempotency key', () => {
  const create = (key: string, goal: string) =>
    api.call('POST', '/v1/runs', { json: { goal }, headers: { 'idempotency-key': key } })

  it('answers the first response again, and refuses another body', async () => {
    const first = await create('k1', 'one')
    const second = await create('k1', 'one')
    expect(second.status).toBe(202)
    expect(second.json).toEqual(first.json)
    expect(second.headers.get('location')).toBe(first.headers.get('location'))
    const other = await create('k1', 'two')
    expect(other.status).toBe(409)
    expect(problemOf(other).code).toBe('idempotency_mismatch')
  })

  it('gives one run to requests that come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('k2', 'the same')))
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 202))
    expect(new Set(answers.map((answer) => (answer.json as RunView).id)).size).toBe(1)
    const { rows } = await api.pool.query("select count(*)::int as n from flotilla.run_specs where goal = 'the same'")
    expect(rows).toEqual([{ n: 1 }])
  })

  it('is not used up by a refused request', async () => {
    const refused = await api.call('POST', '/v1/runs', { json: { goal: '' }, headers: { 'idempotency-key': 'k3' } })
    expect(refused.status).toBe(422)
    expect((await create('k3', 'now it is right')).status).toBe(202)
  })

  it('must be printable and short', async () => {
    const answer = await create('x'.repeat(256), 'one')
    expect(answer.status).toBe(422)
    expect(problemOf(answer).errors).toEqual([{ path: '/Idempotency-Key', message: expect.any(String) }])
  })
})

describe('controls', () => {
  it('starts a run that rests, once', async () => {
    const id = await api.submit({ plan: PLAN, start: false })
    const put = await api.call('PUT', `/v1/runs/${id}/plan`, { json: PLAN })
    expect(put.status).toBe(200)
    const runId = await numericId(api, id)
    const before = api.woken.filter((n) => n === runId).length
    expect(await status(await api.call('POST', `/v1/runs/${id}/start`))).toEqual([202, 'executing'])
    expect(await status(await api.call('POST', `/v1/runs/${id}/start`))).toEqual([202, 'executing'])
    expect(api.woken.filter((n) => n === runId)).toHaveLength(before + 1)
  })

  it('lets a run that is not planned yet go on by itself', async () => {
    const id = await api.submit({ start: false })
    expect(await status(await api.call('POST', `/v1/runs/${id}/start`))).toEqual([202, 'created'])
    const { rows } = await api.pool.query('select auto_start from flotilla.runs where uid = $1', [id])
    expect(rows).toEqual([{ auto_start: true }])
    const put = await api.call('PUT', `/v1/runs/${id}/plan`, { json: PLAN })
    expect(put.status).toBe(409)
    expect(problemOf(put)).toMatchObject({ code: 'conflict', detail: expect.stringContaining('is created') })
  })

  it('cancels once, and forbids what comes too late with the state in the detail', async () => {
    const id = await api.submit({ plan: PLAN, start: false })
    expect(await status(await api.call('POST', `/v1/runs/${id}/cancel`))).toEqual([202, 'cancelled'])
    expect(await status(await api.call('POST', `/v1/runs/${id}/cancel`))).toEqual([202, 'cancelled'])
    const start = await api.call('POST', `/v1/runs/${id}/start`)
    expect(start.status).toBe(409)
    expect(problemOf(start).detail).toContain('cancelled')
    const events = await api.call('GET', `/v1/runs/${id}/events`)
    expect((events.json as { items: { type: string }[] }).items.map((e) => e.type)).toEqual([
      'run.created',
      'run.cancelled',
    ])
  })

  it('forbids cancelling a run that has completed', async () => {
    const id = await api.submit({ plan: PLAN })
    await runToEnd(api, await expand(api, id))
    const answer = await api.call('POST', `/v1/runs/${id}/cancel`)
    expect(answer.status).toBe(409)
    expect(problemOf(answer).detail).toContain('completed')
    expect(await status(await api.call('POST', `/v1/runs/${id}/start`))).toEqual([202, 'completed'])
  })

  it('deletes only what has ended, with all that hangs on it', async () => {
    const id = await api.submit({ plan: PLAN, documents: [{ name: 'a.md', content: 'text' }] })
    const runId = await numericId(api, id)
    const early = await api.call('DELETE', `/v1/runs/${id}`)
    expect(early.status).toBe(409)
    expect(problemOf(early).detail).toContain('created')
    await runToEnd(api, await expand(api, id))
    const answer = await api.call('DELETE', `/v1/runs/${id}`)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect((await api.call('GET', `/v1/runs/${id}`)).status).toBe(404)
    expect((await api.call('DELETE', `/v1/runs/${id}`)).status).toBe(404)
    const { rows } = await api.pool.query(
      `select (select count(*) from flotilla.tasks where run_id = $1) + (select count(*) from flotilla.events where run_id = $1)
        + (select count(*) from flotilla.collections where run_id = $1) as n`,
      [runId],
    )
    expect(rows).toEqual([{ n: 0 }])
  })

  const status = async (answer: { status: number; json: unknown }) => [answer.status, (answer.json as RunView).status]
})
