import { rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { createClient, type Client } from '@flotilla/client'
import {
  createTestDatabase,
  describeOnRedis,
  startTestRedis,
  until,
  type TestDatabase,
  type TestServer,
} from '@flotilla/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { killAll, processTree, runningWith, stillRunning } from './fixture/process-table.ts'
import {
  flotilla,
  ROOT,
  runFlotilla,
  startProgram,
  type Environment,
  type Exit,
  type Program,
} from './fixture/program.ts'
import { completions, untilEnded, untilEvent } from './fixture/run-record.ts'
import { temporaryFolder, useSystem } from './fixture/system.ts'

const API = path.join(ROOT, 'apps/api/src/main.ts')
const WORKER = path.join(ROOT, 'apps/worker/src/main.ts')

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) {
    killAll(await runningWith(folder))
    await rm(folder, { recursive: true, force: true })
  }
})

/** Settings of a system with a data directory of its own. */
async function settings(more: Environment = {}): Promise<Environment> {
  const folder = await temporaryFolder()
  folders.push(folder)
  return { FLOTILLA_DATA_DIR: folder, FLOTILLA_PORT: '0', FLOTILLA_MODEL: 'noop:noop', ...more }
}

async function up(more: Environment): Promise<Exit> {
  return runFlotilla(['up'], { env: await settings(more) })
}

describe('with everything on one machine', () => {
  const system = useSystem(() => ({ backend: 'embedded', env: { FLOTILLA_WORKERS: '2' } }))

  test('a second system on the same data is refused, with the process of the first', async () => {
    const { env, up: first } = system()
    const { code, stderr } = await runFlotilla(['up'], { env })
    expect(code).toBe(1)
    expect(stderr).toContain(`is in use by process ${first.pid}`)
    expect(stderr).not.toContain('Stopping')
    expect((await system().client.ready()).ready).toBe(true)
  })

  test('a port that is taken is named', async () => {
    const port = new URL(system().url).port
    const { code, stderr } = await up({ FLOTILLA_PORT: port })
    expect(code).toBe(1)
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken by another program`)
  })

  test('a command finds the server by its data directory', async () => {
    const { code, stdout } = await runFlotilla(['runs', 'list', '--json'], {
      env: { FLOTILLA_DATA_DIR: system().dataDir },
    })
    expect({ code, page: JSON.parse(stdout) as unknown }).toEqual({ code: 0, page: { items: [], nextCursor: null } })
  })
})

describe('ends with all that belongs to it', () => {
  const start = async (env: Environment): Promise<{ up: Program; client: Client }> => {
    const program = flotilla(['up'], { env, tied: true })
    const [, url = ''] = await program.untilSays(/^Listening on (\S+)$/m, 60_000)
    return { up: program, client: createClient({ url }) }
  }
  /** A run that is in the middle of its work; it takes a while even where tasks take no time. */
  async function startChain(client: Client): Promise<string> {
    const tasks = Array.from({ length: 400 }, (_, i) => ({
      key: `t${i}`,
      role: 'writer',
      dependsOn: i === 0 ? [] : [`t${i - 1}`],
    }))
    const { id } = await client.runs.create({ goal: 'A long chain', plan: { tasks } })
    await untilEvent(client, id, ({ type }) => type === 'run.progress')
    return id
  }
  /** What it has left can be used: no lock is held, and the run goes on to its end. */
  async function goOn(env: Environment, id: string): Promise<void> {
    const { up: program, client } = await start(env)
    const { run, events } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'completed', progress: { completed: 400 } })
    expect(Object.values(completions(events)).every((count) => count === 1)).toBe(true)
    program.signal('SIGTERM')
    expect((await program.exited).code).toBe(0)
    expect(await runningWith(env['FLOTILLA_DATA_DIR'] ?? '')).toEqual([])
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('on %s; started again it goes on with its runs', async (signal) => {
    const env = await settings({ FLOTILLA_DRAIN_SECONDS: '3' })
    const { up: first, client } = await start(env)
    const pids = await processTree(first.pid)
    expect(pids.length).toBeGreaterThanOrEqual(4)
    const id = await startChain(client)
    first.signal(signal)
    expect((await first.exited).code).toBe(0)
    expect(first.stderr()).toMatch(/^Stopping: running work gets up to 3 s.*^Stopped\.\n$/ms)
    expect(await stillRunning(pids)).toEqual([])
    expect(await runningWith(env['FLOTILLA_DATA_DIR'] ?? '')).toEqual([])
    await goOn(env, id)
  })

  test('when it is killed itself; only its database waits for the next start', async () => {
    const env = await settings()
    const { up: first, client } = await start(env)
    const pids = await processTree(first.pid)
    const [postmaster = 0] = await runningWith(env['FLOTILLA_DATA_DIR'] ?? '')
    const database = new Set(await processTree(postmaster))
    const programs = pids.filter((pid) => !database.has(pid))
    expect(programs.length).toBeGreaterThanOrEqual(3)
    const id = await startChain(client)
    first.signal('SIGKILL')
    const ended = async (): Promise<boolean> => (await stillRunning(programs)).length === 0
    await until(ended, { what: 'no program runs any more', timeoutMs: 20_000 })
    await goOn(env, id)
    expect(await stillRunning(pids)).toEqual([])
  })

  test('in the middle of its start', async () => {
    const env = await settings()
    const starting = flotilla(['up'], { env, tied: true })
    await until(() => starting.stderr().includes('Starting PostgreSQL'), { what: 'the database is being started' })
    starting.signal('SIGTERM')
    await starting.exited
    expect(await runningWith(env['FLOTILLA_DATA_DIR'] ?? '')).toEqual([])
  })
})

describe('does not start, and says what to do,', () => {
  test('without its database', async () => {
    const { code, stderr } = await up({ DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/none' })
    expect(code).toBe(1)
    expect(stderr).toContain('the database at 127.0.0.1:1 cannot be used')
    expect(stderr).toContain('correct DATABASE_URL')
    expect(stderr).not.toContain('Stopping')
    expect(stderr).not.toContain('secret')
  })

  test('without its Redis', async () => {
    const { code, stderr } = await up({ REDIS_URL: 'redis://:secret@127.0.0.1:1' })
    expect(code).toBe(1)
    expect(stderr).toContain('Redis cannot be reached at 127.0.0.1:1')
    expect(stderr).toContain('unset REDIS_URL')
    expect(stderr).not.toContain('Stopping')
    expect(stderr).not.toContain('secret')
  })

  test('without the key of the model that is chosen', async () => {
    const { code, stderr } = await up({ FLOTILLA_MODEL: 'anthropic:claude-sonnet-5-5' })
    expect(code).toBe(2)
    expect(stderr).toContain('ANTHROPIC_API_KEY is not set')
  })

  test.each([
    [{ FLOTILLA_PORT: 'http' }, 'FLOTILLA_PORT: expected a port'],
    [{ DATABASE_URL: 'mysql://localhost/x' }, 'DATABASE_URL: expected a URL that begins with postgres://'],
  ])('with settings that are none: %j', async (wrong, message) => {
    const { code, stderr } = await up(wrong)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toContain('flotilla doctor')
  })

  test('with settings that only its workers read and cannot take', async () => {
    const { code, stderr } = await up({ FLOTILLA_LEASE_SECONDS: '2', FLOTILLA_HEARTBEAT_SECONDS: '5' })
    expect(code).toBe(2)
    expect(stderr).toContain('FLOTILLA_HEARTBEAT_SECONDS (5) must be at most half of FLOTILLA_LEASE_SECONDS (2)')
  })
})

describe('a database', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())
  const env = (): Promise<Environment> => settings({ DATABASE_URL: database.url })
  const doctor = async (): Promise<Exit> => runFlotilla(['doctor', '--json'], { env: await env() })

  test('that was never migrated is refused by the processes, and migrated by hand', async () => {
    for (const program of [API, WORKER]) {
      const { code, stderr } = await startProgram(program, [], { env: await env() }).exited
      expect(code).toBe(1)
      expect(stderr).toContain('run "flotilla migrate"')
    }
    expect((await doctor()).stdout).toMatch(/"Migrations","status":"warn","detail":"\d+ to apply/)
    const migrated = await runFlotilla(['migrate'], { env: await env() })
    expect(migrated).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Applied 0001_/) })
    const again = await runFlotilla(['migrate'], { env: await env() })
    expect(again).toMatchObject({ code: 0, stdout: 'The database is up to date.\n' })
    expect((await doctor()).stdout).toMatch(/"Migrations","status":"ok"/)
  })

  test('that newer code has made unusable is refused by everything, and left as it is', async () => {
    await database.query(`insert into flotilla.migrations (name, timestamp) values ('9999_tomorrow', now())`)
    await database.query('update flotilla.schema_state set oldest_code = 9999')
    const refused = await runFlotilla(['up'], { env: await env() })
    const migrated = await runFlotilla(['migrate'], { env: await env() })
    const processes = await Promise.all(
      [API, WORKER].map(async (program) => startProgram(program, [], { env: await env() }).exited),
    )
    const rows = await database.query('select name from flotilla.migrations order by name')
    for (const { code, stderr } of [refused, migrated, ...processes]) {
      expect(code).toBe(1)
      expect(stderr).toContain(
        'the database is newer than this version of Flotilla: it has the migrations 9999_tomorrow',
      )
    }
    expect(rows.at(-1)?.['name']).toBe('9999_tomorrow')
    const told = await doctor()
    expect(told.code).toBe(1)
    expect(told.stdout).toContain('newer than this version: 9999_tomorrow')
  })
})

describeOnRedis('a Redis that may drop jobs', () => {
  let redis: TestServer
  beforeAll(async () => {
    redis = await startTestRedis()
    const client = new Redis(redis.url)
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await client.quit()
  })
  afterAll(() => redis.stop())

  test('is refused, with the command that mends it', async () => {
    const { code, stderr } = await up({ REDIS_URL: redis.url })
    expect(code).toBe(1)
    expect(stderr).toContain('has maxmemory-policy "allkeys-lru"')
    expect(stderr).toContain(`redis-cli -h 127.0.0.1 -p ${redis.port} config set maxmemory-policy noeviction`)
    const told = await runFlotilla(['doctor'], { env: await settings({ REDIS_URL: redis.url }) })
    expect(told.code).toBe(1)
    expect(told.stdout).toMatch(/fail\s+Redis memory/)
  })
})

test('an API process whose port is taken says so', async () => {
  const database = await createTestDatabase()
  const env = await settings({ DATABASE_URL: database.url })
  await runFlotilla(['migrate'], { env })
  const other = createServer()
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  other.listen(0, '127.0.0.1', resolve)
  await listening
  const { port } = other.address() as AddressInfo
  const { code, stderr } = await startProgram(API, [], { env: { ...env, FLOTILLA_PORT: String(port) } }).exited
  other.close()
  await database.drop()
  expect(code).toBe(1)
  expect(stderr).toMatch(new RegExp(`^flotilla api: .*${port}.*(?:taken|in use)`, 'm'))
})
