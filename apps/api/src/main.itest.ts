import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createPool, migrate } from '@flotilla/db'
import { createTestDatabase, describeOnRedis, startTestRedis, until, type TestDatabase } from '@flotilla/testing'
import { migrateQueues } from '@flotilla/queue'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSse } from './testing/api-fixture.ts'

const MAIN = fileURLToPath(import.meta.resolve('./main.ts'))
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({
    template: {
      name: 'flotilla',
      migrate: async (url) => {
        await migrate(url)
        await migrateQueues(url)
      },
    },
  })
})
afterAll(() => database.drop())

type Started = { child: ChildProcess; out: () => string; err: () => string; exited: Promise<number | null> }

function start(env: Record<string, string>): Started {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: database.url,
      FLOTILLA_PORT: '0',
      FLOTILLA_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return { child, out: () => out, err: () => err, exited }
}

/** Waits for the one line; fails with what the process said instead. */
async function listening(started: Started): Promise<string> {
  await until(() => started.out().includes('\n') || started.child.exitCode !== null, {
    what: 'the API listens or gave up',
    timeoutMs: 20_000,
  })
  if (!started.out().includes('\n')) throw new Error(started.err())
  const line = JSON.parse(started.out()) as { event: string; url: string }
  expect(line.event).toBe('listening')
  return line.url
}

async function refusal(env: Record<string, string>): Promise<string> {
  const started = start(env)
  const code = await started.exited
  expect([code, started.out()]).toEqual([1, ''])
  expect(started.err()).toMatch(/^flotilla api: /)
  expect(started.err()).not.toContain('    at ')
  return started.err()
}

describe('the API process', () => {
  it('says where it listens, serves, and ends whole on SIGTERM with streams open', async () => {
    const started = start({})
    const url = await listening(started)
    const ready = (await (await fetch(`${url}/readyz`)).json()) as { status: string }
    expect(ready.status).toBe('ready')
    const created = await fetch(`${url}/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"goal":"x"}',
    })
    const { id } = (await created.json()) as { id: string }
    let seen = 0
    const reading = readSse(`${url}/v1/runs/${id}/events/stream`, {}, (events) => {
      seen = events.length
      return false
    })
    await until(() => seen > 0, { what: 'the stream has begun' })
    const stopAt = performance.now()
    started.child.kill('SIGTERM')
    expect((await reading).ended).toBe(true)
    expect(await started.exited).toBe(0)
    expect(performance.now() - stopAt).toBeLessThan(5_000)
    expect(started.out().trim().split('\n')).toHaveLength(1)
  })

  it('wakes the planner through the queue, and says so in the board', async () => {
    const started = start({})
    const url = await listening(started)
    await fetch(`${url}/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"goal":"x"}',
    })
    type Board = { queues: { name: string; counts: Record<string, number> }[] }
    const waiting = async (): Promise<number> => {
      const board = (await (await fetch(`${url}/admin/queues/api/queues`)).json()) as Board
      const { counts = {} } = board.queues.find((queue) => queue.name === 'plan') ?? {}
      return Object.values(counts).reduce((a, b) => a + b, 0)
    }
    await until(async () => (await waiting()) >= 1, { what: 'the planner has a job' })
    expect(await waiting()).toBeGreaterThanOrEqual(1)
    started.child.kill('SIGTERM')
    expect(await started.exited).toBe(0)
  })
})

describe('the API process refuses', () => {
  let taken: Server
  let port = ''
  beforeAll(async () => {
    taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    port = String((taken.address() as AddressInfo).port)
  })
  afterAll(() => void taken.close())

  it('a port that is taken', async () => {
    expect(await refusal({ FLOTILLA_PORT: port })).toContain(
      `port ${port} on 127.0.0.1 is taken by another program; stop that, or choose another port with FLOTILLA_PORT`,
    )
  })
  it('an address that is not of this machine', async () => {
    expect(await refusal({ FLOTILLA_HOST: '203.0.113.7' })).toContain('203.0.113.7 is no address of this machine')
  })
  it('a missing database setting, with everything else that is wrong', async () => {
    const said = await refusal({ DATABASE_URL: '', FLOTILLA_PORT: 'http' })
    expect(said).toContain('DATABASE_URL is not set')
    expect(said).toContain('FLOTILLA_PORT is "http"')
  })
  it('a database that cannot be reached', async () => {
    const said = await refusal({ DATABASE_URL: 'postgres://user:hidden@127.0.0.1:1/none' })
    expect(said).toMatch(
      /the database of DATABASE_URL cannot be used: .*ECONNREFUSED.*Start it, or correct DATABASE_URL/,
    )
    expect(said).not.toContain('hidden')
  })
  it('a database without the migrations', async () => {
    const empty = await createTestDatabase()
    expect(await refusal({ DATABASE_URL: empty.url })).toMatch(
      /lacks the migrations 0001_spine.*run "flotilla migrate"/,
    )
    await empty.drop()
  })
  it('a database that newer code has made unusable for it', async () => {
    const newer = await createTestDatabase()
    await migrate(newer.url)
    const owner = createPool({ url: newer.url, role: 'owner', max: 1, applicationName: 'test', onError: () => {} })
    await owner.query("insert into flotilla.migrations (name, timestamp) values ('9999_future', '2099')")
    await owner.query('update flotilla.schema_state set oldest_code = 9999')
    await owner.end()
    expect(await refusal({ DATABASE_URL: newer.url })).toContain('newer than this version of Flotilla')
    await newer.drop()
  })
  it('a model whose key is missing', async () => {
    expect(await refusal({ FLOTILLA_MODEL: 'anthropic:claude-sonnet-5-5' })).toContain('ANTHROPIC_API_KEY')
  })
  it('a Redis that cannot be reached', async () => {
    const said = await refusal({ REDIS_URL: 'redis://:hidden@127.0.0.1:1' })
    expect(said).toContain('Redis cannot be reached at 127.0.0.1:1')
    expect(said).not.toContain('hidden')
  })
})

describeOnRedis('the API process refuses', () => {
  it('a Redis that may drop jobs', async () => {
    const server = await startTestRedis()
    const socket = connect(server.port, '127.0.0.1')
    socket.write('CONFIG SET maxmemory-policy allkeys-lru\r\n')
    expect(String((await once(socket, 'data'))[0])).toBe('+OK\r\n')
    socket.destroy()
    expect(await refusal({ REDIS_URL: server.url })).toMatch(/maxmemory-policy "allkeys-lru".*expected "noeviction"/)
    await server.stop()
  })
})
