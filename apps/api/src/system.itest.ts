import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { createPool } from '@flotilla/db'
import { boardReader, openBackend, type Backend } from '@flotilla/queue'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, problemOf, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

describe('health', () => {
  it('tells each dependency', async () => {
    expect((await api.call('GET', '/healthz')).json).toEqual({ status: 'ok' })
    expect((await api.call('GET', '/readyz')).json).toEqual({
      status: 'ready',
      dependencies: { database: { status: 'up' }, migrations: { status: 'up' }, queue: { status: 'up' } },
    })
  })

  it('is 503 when the queue is away, without its address', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:6379'), { code: 'ECONNREFUSED' })
    const deaf = await openApi(() => ({ checks: { queue: () => Promise.reject(refused) } }))
    const answer = await deaf.call('GET', '/readyz')
    expect(answer.status).toBe(503)
    expect(answer.json).toMatchObject({
      dependencies: { database: { status: 'up' }, queue: { status: 'down', reason: 'ECONNREFUSED' } },
    })
    expect(answer.text).not.toContain('10.0.0.7')
    await deaf.close()
  })

  it('is 503 when a dependency hangs', async () => {
    const hung = await openApi(() => ({ checks: { queue: () => new Promise(() => {}) } }))
    const answer = await hung.call('GET', '/readyz')
    expect(answer.json).toMatchObject({
      status: 503,
      dependencies: { queue: { status: 'down', reason: expect.stringContaining('2000 ms') } },
    })
    await hung.close()
  })

  it('is 503 when migrations are missing, or so new that this code cannot work with them', async () => {
    const behind = await openApi()
    const owner = createPool({
      url: behind.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'test',
      onError: () => {},
    })
    const reason = async (): Promise<unknown> => {
      const { dependencies } = (await behind.call('GET', '/readyz')).json as {
        dependencies: { migrations: { status: string; reason: string } }
      }
      return dependencies.migrations
    }
    await owner.query("insert into flotilla.migrations (name, timestamp) values ('9999_future', '2099')")
    expect(await reason()).toEqual({ status: 'up' })
    await owner.query('update flotilla.schema_state set oldest_code = 9999')
    expect(await reason()).toEqual({ status: 'down', reason: expect.stringContaining('9999_future') })
    await owner.query('delete from flotilla.migrations')
    expect(await reason()).toEqual({ status: 'down', reason: expect.stringContaining('flotilla migrate') })
    await owner.end()
    await behind.close()
  })
})

describe('the index and the reference page', () => {
  it('lead to each other', async () => {
    expect((await api.call('GET', '/')).json).toMatchObject({
      name: 'flotilla',
      docs: '/docs',
      openapi: '/openapi.json',
    })
    const page = await api.call('GET', '/docs')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/html/)])
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string)
    expect(assets.length).toBeGreaterThanOrEqual(4)
    for (const asset of assets) {
      expect(asset.startsWith('/')).toBe(true)
      expect((await api.call('GET', asset)).status).toBe(200)
    }
  })

  it('run nothing that is not served from here', async () => {
    const page = await api.call('GET', '/docs')
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("default-src 'none'")
    expect(page.text).not.toMatch(/<script>|https?:/)
  })
})

describe('every answer', () => {
  it('says how it may be used', async () => {
    for (const path of ['/v1/runs', '/nothing', '/openapi.json']) {
      const { headers } = await api.call('GET', path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{8,}$/)
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })
  it('keeps the id that a request brings', async () => {
    expect((await api.call('GET', '/v1/nothing', { headers: { 'x-request-id': 'mine-1' } })).json).toMatchObject({
      requestId: 'mine-1',
    })
  })
})

describe('the queue board', () => {
  let boarded: Api
  let backend: Backend
  beforeAll(async () => {
    boarded = await openApi(() => ({
      board: async () => [boardReader(backend, 'plan'), boardReader(backend, 'agent-writer')],
    }))
    backend = openBackend({ databaseUrl: boarded.databaseUrl, onError: () => {} })
  })
  afterAll(async () => {
    await boarded.close()
    await backend.close()
  })

  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
    const request = httpRequest(`${boarded.url}/admin/queues${path}`, { method, headers }, (response) => {
      void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on('error', reject)
    request.end()
    return promise
  }

  it('shows the queues, and its page needs nothing from elsewhere', async () => {
    const page = await get('')
    expect(page.status).toBe(200)
    const scripts = [...page.body.matchAll(/<script[^>]* src="([^"]+)"/g)].map((match) => match[1] as string)
    expect(scripts.length).toBeGreaterThan(0)
    for (const script of scripts) expect((await get(`/${script.replace(/^\//, '')}`)).status).toBe(200)
    const queues = JSON.parse((await get('/api/queues')).body) as { queues: { name: string; readOnlyMode: boolean }[] }
    expect(queues.queues.map((queue) => [queue.name, queue.readOnlyMode])).toEqual([
      ['plan', true],
      ['agent-writer', true],
    ])
  })

  it.each([
    ['a proxy', { 'x-forwarded-for': '10.0.0.1' }],
    ['a proxy that says so otherwise', { forwarded: 'for=10.0.0.1' }],
    ['a name that is not loopback', { host: '10.0.0.9' }],
  ])('is closed to %s', async (_what, headers) => {
    const answer = await get('', headers)
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'forbidden' })
    expect((await get('/api/queues', headers)).status).toBe(403)
    expect((await get('/static/js/main.js', headers)).status).toBe(403)
  })

  it('changes nothing', async () => {
    expect((await get('/api/queues/plan/pause', {}, 'PUT')).status).toBe(405)
    expect((await get('/api/queues/pause', {}, 'PUT')).status).toBe(405)
  })

  it('is not there without queues', async () => {
    expect((await api.call('GET', '/admin/queues')).status).toBe(404)
  })
})

describe('an analysis', () => {
  it('says what a request would become, and leaves nothing behind', async () => {
    const count = async (): Promise<unknown[]> =>
      (await api.pool.query<{ n: number }>('select count(*)::int as n from flotilla.runs')).rows
    const before = await count()
    const answer = await api.call('POST', '/v1/analyses', {
      json: { goal: 'Compare a.md and b.md', documents: [{ name: 'a.md', content: '# A\ntext' }] },
    })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({
      analysis: { type: expect.any(String), by: 'rules', estimate: { tasks: expect.any(Number) } },
      dispatch: { kind: expect.stringMatching(/template|generated/), planner: 'offline:default' },
      coaching: expect.arrayContaining([expect.stringContaining('"b.md"')]),
      analysisCost: { calls: 0, costUsd: 0 },
    })
    expect(await count()).toEqual(before)
  })
  it('takes images as a run does, counts them, and says what the offline model makes of them', async () => {
    const data = Buffer.concat([Buffer.from('\u0089PNG\r\n\u001A\n', 'latin1'), Buffer.alloc(1024 * 1024)])
    const chart = { name: 'chart.png', mediaType: 'image/png', data: data.toString('base64') }
    const answer = await api.call('POST', '/v1/analyses', { json: { goal: 'Describe the chart', documents: [chart] } })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({
      analysis: {
        estimate: {
          drivers: expect.arrayContaining([
            expect.objectContaining({ what: expect.stringMatching(/^images and PDFs, about 1600 tokens a call$/) }),
          ]),
        },
      },
      coaching: expect.arrayContaining([expect.stringContaining('reads text alone')]),
    })
  })
  it('is of the plan that comes along', async () => {
    const plan = {
      tasks: [
        { key: 'a', role: 'writer' },
        { key: 'b', role: 'writer' },
      ],
    }
    const answer = await api.call('POST', '/v1/analyses', { json: { goal: 'x', plan } })
    expect(answer.json).toMatchObject({
      analysis: { estimate: { tasks: 2, parallelism: 2 } },
      dispatch: { kind: 'explicit' },
    })
  })
  it.each([
    [{ goal: '' }, '/goal'],
    [{ goal: 'x', plan: { tasks: [{ key: 'a', role: 'w', dependsOn: ['a'] }] } }, '/plan/tasks/0/dependsOn/0'],
  ])('refuses what a run would be refused for: %j', async (json, path) => {
    const answer = await api.call('POST', '/v1/analyses', { json })
    expect(answer.status).toBe(422)
    expect(problemOf(answer).errors?.[0]?.path).toBe(path)
  })
})
