import { NotReady } from '@flotilla/runtime'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { serveHealth, type Health } from './health.ts'

let health: Health
let broken: Error | null
beforeEach(async () => {
  broken = null
  health = await serveHealth({
    port: 0,
    setting: 'FLOTILLA_METRICS_PORT',
    metrics: { text: () => Promise.resolve('flotilla_up 1\n'), contentType: 'text/plain; version=0.0.4' },
    checks: {
      database: () => Promise.resolve(),
      queue: () => (broken === null ? Promise.resolve() : Promise.reject(broken)),
    },
  })
})
afterEach(() => health.close())

async function get(path: string, method = 'GET'): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${health.port}${path}`, { method })
  return { status: response.status, body: method === 'HEAD' ? await response.text() : await response.json() }
}

test('tells each dependency, and is not ready when one is down', async () => {
  const up = { status: 'up' }
  expect(await get('/readyz?now')).toEqual({
    status: 200,
    body: { status: 'ready', dependencies: { database: up, queue: up, worker: up } },
  })
  broken = new NotReady('canaries do not come back')
  expect(await get('/readyz')).toMatchObject({
    status: 503,
    body: { dependencies: { database: up, queue: { status: 'down', reason: 'canaries do not come back' } } },
  })
})

test('is not ready while it drains, but lives', async () => {
  health.drain()
  expect(await get('/readyz')).toMatchObject({
    status: 503,
    body: { status: 'not ready', dependencies: { worker: { status: 'down', reason: 'it drains' } } },
  })
  for (const path of ['/healthz', '/livez']) expect(await get(path)).toEqual({ status: 200, body: { status: 'ok' } })
})

test('knows nothing else', async () => {
  expect((await get('/')).status).toBe(404)
  expect((await get('/readyz', 'POST')).status).toBe(405)
  expect(await get('/readyz', 'HEAD')).toEqual({ status: 200, body: '' })
})

test('answers what is to be scraped, where there is anything', async () => {
  const response = await fetch(`http://127.0.0.1:${health.port}/metrics`)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4')
  expect(await response.text()).toBe('flotilla_up 1\n')
  const probesAlone = await serveHealth({ port: 0, setting: 'FLOTILLA_HEALTH_PORT', checks: {} })
  onTestFinished(() => probesAlone.close())
  expect((await fetch(`http://127.0.0.1:${probesAlone.port}/metrics`)).status).toBe(404)
})

test('a port that is taken is refused by its name', async () => {
  await expect(serveHealth({ port: health.port, setting: 'FLOTILLA_HEALTH_PORT', checks: {} })).rejects.toThrow(
    `port ${health.port} of FLOTILLA_HEALTH_PORT is taken by another program`,
  )
})
