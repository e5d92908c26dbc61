import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrationState } from '@flotilla/db'
import { createLogger, createShutdown, type Shutdown } from '@flotilla/runtime'
import { until } from '@flotilla/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig, type Config } from '../config.ts'
import { readServerFile } from '../server-file.ts'
import { startSystem, type SystemOutcome } from './system.ts'

const stub = fileURLToPath(new URL('fixtures/stub-program.ts', import.meta.url))
const programs = { api: stub, worker: stub }

let dataDir: string
let shutdowns: Shutdown[]
let said: string[]
let logged: string
let failures: string[]
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'flotilla-up-'))
  // Under root the database's account has to reach it; else its data would be elsewhere.
  chmodSync(dataDir, 0o755)
  shutdowns = []
  said = []
  logged = ''
  failures = []
})
afterEach(async () => {
  for (const shutdown of shutdowns) await shutdown.run('test over')
  const left = starts().filter(({ pid }) => isAlive(pid))
  if (left.length > 0) throw new Error(`left behind: ${JSON.stringify(left)}`)
  rmSync(dataDir, { recursive: true, force: true })
})

type Start = { name: string; pid: number; databaseUrl: string }
const starts = (name?: string): Start[] => {
  const file = path.join(dataDir, 'starts.jsonl')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  return lines.map((line) => JSON.parse(line) as Start).filter((one) => name === undefined || one.name === name)
}

const configOf = (more: Record<string, string> = {}): Config =>
  parseConfig(
    { PATH: process.env['PATH'], FLOTILLA_DATA_DIR: dataDir, FLOTILLA_PORT: '0', FLOTILLA_DRAIN_SECONDS: '5', ...more },
    dataDir,
  ).config

function start(config: Config): { outcome: Promise<SystemOutcome>; shutdown: Shutdown } {
  const log = createLogger({ level: 'warn', name: 'test', destination: { write: (line) => void (logged += line) } })
  const shutdown = createShutdown({ log, drainMs: 5_000, forceMs: 5_000 })
  shutdowns.push(shutdown)
  const deps = {
    log,
    shutdown,
    programs,
    say: (text: string) => said.push(text),
    onFailure: (p: string) => failures.push(p),
  }
  return { outcome: startSystem(deps, config), shutdown }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function startReady(config = configOf()): Promise<{ url: string; shutdown: Shutdown }> {
  const { outcome, shutdown } = start(config)
  const found = await outcome
  if (found.state !== 'ready') throw new Error(`not ready: ${JSON.stringify(found)}`)
  return { url: found.url, shutdown }
}

test('starts everything, keeps it running, and leaves nothing behind', async () => {
  const { url, shutdown } = await startReady(configOf({ FLOTILLA_WORKERS: '2' }))
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  expect(readServerFile(dataDir)).toEqual({ url, pid: process.pid })
  await until(() => starts().length === 3, { what: 'the API and two workers have started' })
  expect(
    starts()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['api', 'worker-1', 'worker-2'])
  const databaseUrl = starts()[0]?.databaseUrl ?? ''
  expect(await migrationState(databaseUrl)).toMatchObject({ pending: [], unknown: [] })

  const [worker] = starts('worker-1')
  process.kill(worker?.pid ?? 0, 'SIGKILL')
  await until(() => starts('worker-1').length === 2, { what: 'the killed worker is started again' })

  process.kill(starts('api')[0]?.pid ?? 0, 'SIGKILL')
  await until(() => starts('api').length === 2, { what: 'the killed API is started again' })
  await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the API answers again' })

  const postmaster = Number(readFileSync(path.join(dataDir, 'pg', 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(postmaster, 'SIGKILL')
  await until(() => logged.includes('PostgreSQL was started again'), { what: 'the database is started again' })
  expect(await migrationState(databaseUrl)).toMatchObject({ pending: [] })

  const report = await shutdown.run('test')
  expect(report).toMatchObject({ failed: [], timedOut: [] })
  expect(readServerFile(dataDir)).toBeNull()
  expect(failures).toEqual([])
  await expect(migrationState(databaseUrl)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a second start on the same data is refused with the pid of the first', async () => {
  await startReady()
  expect(await start(configOf()).outcome).toEqual({
    state: 'failed',
    problem: expect.stringContaining(`${dataDir} is in use by process ${process.pid}`),
  })
})

test('a port that is taken is named', async () => {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as { port: number }
  const outcome = await start(configOf({ FLOTILLA_PORT: String(port) })).outcome
  server.close()
  expect(outcome).toEqual({
    state: 'failed',
    problem: `port ${port} on 127.0.0.1 is taken by another program; stop that, or choose another port with --port or FLOTILLA_PORT (0 takes any free one)`,
  })
  expect(said).toEqual([])
})

test('a process that never starts ends the attempt with what it said', async () => {
  const { outcome } = start(configOf({ STUB_FAIL: 'api' }))
  expect(await outcome).toEqual({
    state: 'failed',
    problem: expect.stringContaining(
      'the api process does not start (exit 1): cannot start: no key is set. Its log is',
    ),
  })
})

test('a worker that never starts is told as well', async () => {
  await startReady(configOf({ STUB_FAIL: 'worker-1' }))
  await until(() => failures.length > 0, { what: 'the failure is told' })
  expect(failures[0]).toContain('the worker-1 process does not start')
})

test('a database that cannot be reached', async () => {
  const outcome = await start(configOf({ DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/none' })).outcome
  if (outcome.state !== 'failed') throw new Error(`expected a failure, found ${outcome.state}`)
  expect(outcome.problem).toContain('the database at 127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1')
  expect(outcome.problem).not.toContain('secret')
})

test('a Redis that cannot be reached', async () => {
  const outcome = await start(configOf({ REDIS_URL: 'redis://127.0.0.1:1' })).outcome
  expect(outcome).toMatchObject({
    state: 'failed',
    problem: expect.stringContaining('Redis cannot be reached at 127.0.0.1:1'),
  })
})

test('stopping in the middle of the start leaves nothing behind', async () => {
  const { outcome, shutdown } = start(configOf())
  await until(() => said.some((text) => text.startsWith('Starting PostgreSQL')), {
    what: 'the database is being started',
  })
  expect(await shutdown.run('test')).toMatchObject({ failed: [], timedOut: [] })
  expect(await outcome).toEqual({ state: 'stopped' })
  expect(starts()).toEqual([])
  expect(existsSync(path.join(dataDir, 'pg', 'postmaster.pid'))).toBe(false)
})

test('a process that heeds no SIGTERM is killed soon after the drain time', async () => {
  const { shutdown } = await startReady(configOf({ STUB_STUBBORN: 'worker-1', FLOTILLA_DRAIN_SECONDS: '2' }))
  await until(() => starts('worker-1').length === 1, { what: 'the worker has started' })
  const begun = performance.now()
  expect(await shutdown.run('test')).toMatchObject({ failed: [], timedOut: [] })
  expect(performance.now() - begun).toBeLessThan(5_500)
})
