import { createTcpProxy, createTestDatabase, until, type TcpProxy } from '@flotilla/testing'
import { endUnansweredConnections } from '@flotilla/runtime'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createPool } from './connect.ts'
import { migrate } from './migrate.ts'

/** Of which a busy machine may take a good part for an answer that comes in time. */
const SILENCE_MS = 1_000

/** A pool behind a proxy, with as many open connections as it may have. */
async function openBehindProxy(size: number): Promise<{ pool: pg.Pool; proxy: TcpProxy; errors: string[] }> {
  const database = await createTestDatabase()
  const { hostname, port } = new URL(database.url)
  const proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  const pool = new pg.Pool({ connectionString: proxy.url(database.url), max: size, connectionTimeoutMillis: 2_000 })
  onTestFinished(async () => {
    await pool.end()
    await proxy.close()
    await database.drop()
  })
  const errors: string[] = []
  pool.on('error', (error) => errors.push(error.message))
  pool.on('connect', (client) => void client.on('error', (error) => errors.push(error.message)))
  endUnansweredConnections(pool, SILENCE_MS)
  await Promise.all(Array.from({ length: size }, () => pool.query('select pg_sleep(0.05)')))
  return { pool, proxy, errors }
}

test('a question to a server that is gone without a word fails, and the pool goes on with new connections', async () => {
  const { pool, proxy } = await openBehindProxy(3)
  await proxy.setMode({ kind: 'halfOpen' })
  await expect(pool.query('select 1')).rejects.toThrow(/has not answered for 1000 ms/)
  await proxy.setMode({ kind: 'pass' })
  await until(async () => (await pool.query('select 1')).rowCount === 1, { what: 'the pool answers again' })
})

test('a question that was sent on the heels of an answer is missed like any other', async () => {
  const { pool } = await openBehindProxy(1)
  // The second waits for the only connection, and is sent while the first one's answer is being read.
  const first = pool.query('select pg_sleep(0.1)')
  const second = pool.query('select pg_sleep(3)')
  await expect(first).resolves.toMatchObject({ rowCount: 1 })
  await expect(second).rejects.toThrow(/has not answered/)
})

test('one unanswered question ends every connection that has been as silent, the listening one too', async () => {
  const { pool, proxy, errors } = await openBehindProxy(3)
  const listener = await pool.connect()
  await listener.query('listen something')
  await proxy.setMode({ kind: 'halfOpen' })
  await expect(pool.query('select 1')).rejects.toThrow(/has not answered/)
  await until(() => pool.totalCount === 1, { what: 'only the client that is not given back is left' })
  expect(errors.filter((message) => message.includes('has not answered')).length).toBeGreaterThanOrEqual(3)
  await proxy.setMode({ kind: 'pass' })
  listener.release(true)
})

test('a connection that is only idle stays', async () => {
  const { pool, errors } = await openBehindProxy(1)
  const { rows: before } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  await until(async () => (await pool.query(`select pg_sleep(${SILENCE_MS / 2_000})`)).rowCount === 1, {
    what: 'it has answered late, yet in time',
  })
  const idleSince = performance.now()
  await until(() => performance.now() - idleSince > 2 * SILENCE_MS, { what: 'it has been idle for long' })
  const { rows: after } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  expect(after).toEqual(before)
  expect(errors).toEqual([])
})

test.each(['app', 'engine'] as const)(
  'what the %s role is told to be done outlives a crash, whatever the database is set to',
  async (role) => {
    const database = await createTestDatabase({
      template: { name: 'record', migrate: async (url) => void (await migrate(url)) },
    })
    await database.query(`alter database "${database.name}" set synchronous_commit = off`)
    const pool = createPool({ url: database.url, role, max: 1, applicationName: 'test', onError: () => {} })
    onTestFinished(async () => {
      await pool.end()
      await database.drop()
    })
    const { rows } = await pool.query<{ commits: string }>("select current_setting('synchronous_commit') as commits")
    expect(rows).toEqual([{ commits: 'on' }])
  },
)

test('a client in use whose backend ends is told as an error of the pool, and ends no process', async () => {
  const database = await createTestDatabase()
  const errors: string[] = []
  const onError = (error: Error): void => void errors.push(error.message)
  const pool = createPool({ url: database.url, role: 'owner', max: 2, applicationName: 'test', onError })
  const client = await pool.connect()
  onTestFinished(async () => {
    client.release(true)
    await pool.end()
    await database.drop()
  })
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
  await until(() => errors.length > 0, { what: 'the pool tells of it' })
  expect((await pool.query('select 1')).rowCount).toBe(1)
})

test('the pool of a worker gives up a server that is gone without a word', async () => {
  const database = await createTestDatabase({
    template: { name: 'record', migrate: async (url) => void (await migrate(url)) },
  })
  const { hostname, port } = new URL(database.url)
  const proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  const url = proxy.url(database.url)
  const pool = createPool({ url, role: 'engine', max: 1, applicationName: 'test', onError: () => {} })
  onTestFinished(async () => {
    await proxy.close()
    await pool.end()
    await database.drop()
  })
  await pool.query('select 1')
  await proxy.setMode({ kind: 'halfOpen' })
  await expect(pool.query('select 1')).rejects.toThrow(/has not answered/)
})
