import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createPool, migrate } from '@flotilla/db'
import { migrateQueues } from '@flotilla/queue'
import { createTestDatabase, until, type TestDatabase } from '@flotilla/testing'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { ENV_KEYS, ROOT } from '../config.ts'
import { runFlotilla, startFlotilla } from '../testing/flotilla-process.ts'

let database: TestDatabase
let client: ReturnType<typeof createPool>
let env: Record<string, string | undefined>
beforeEach(async () => {
  database = await createTestDatabase({
    template: { name: 'record', migrate: async (url) => void (await migrate(url)) },
  })
  client = createPool({ url: database.url, role: 'engine', max: 1, applicationName: 'test', onError: () => {} })
  const { PATH, HOME, NODE_OPTIONS } = process.env
  const unset = Object.fromEntries(ENV_KEYS.map((key) => [key, '']))
  env = { ...unset, PATH, HOME, NODE_OPTIONS, DATABASE_URL: database.url, FLOTILLA_RETAIN_DAYS: '30' }
})
afterEach(async () => {
  await client.end()
  await database.drop()
})

/** Ended runs with that many events each. */
async function endedRuns(runs: number, daysAgo: number, events: number): Promise<void> {
  await client.query(
    `with r as (
       insert into flotilla.runs (workspace_id, uid, status, live, auto_start, priority, finished_at)
       select 1, 'run_' || $2::int || '_' || n, 'completed', false, true, 5, now() - $2::int * interval '1 day' from generate_series(1, $1::int) n
       returning id)
     insert into flotilla.events (run_id, seq, workspace_id, idx, type, at)
     select id, n, 1, 0, 'task.turn', now() from r, generate_series(1, $3::int) n`,
    [runs, daysAgo, events],
  )
}
const left = async (): Promise<{ runs: number; events: number }> =>
  (
    await client.query<{ runs: number; events: number }>(
      'select (select count(*) from flotilla.runs) as runs, (select count(*) from flotilla.events) as events',
    )
  ).rows[0] as { runs: number; events: number }

test('counts what is due, then does it', async () => {
  await endedRuns(2, 40, 10)
  await endedRuns(1, 20, 10)
  await endedRuns(1, 1, 10)
  env['FLOTILLA_RETAIN_EVENTS_DAYS'] = '7'
  const counted = await runFlotilla(['cleanup', '--dry-run'], env)
  expect(counted).toMatchObject({ code: 0, err: '' })
  expect(counted.out).toContain('Runs to remove:     2 (older than 30 days)')
  expect(await left()).toEqual({ runs: 4, events: 40 })
  const json = JSON.parse((await runFlotilla(['cleanup', '--dry-run', '--json'], env)).out) as unknown
  expect(json).toEqual({
    due: { remove: 2, trim: 1, keys: 0 },
    retention: { runsDays: 30, eventsDays: 7, keysDays: 7 },
  })
  const done = JSON.parse((await runFlotilla(['cleanup', '--json'], env)).out) as { cleaned: unknown }
  expect(done.cleaned).toEqual({ marked: 3, removed: 2, trimmed: 1, keys: 0, rows: 30 })
  expect(await left()).toEqual({ runs: 2, events: 10 })
  expect((await runFlotilla(['cleanup'], env)).out).toContain('Removed 0 runs, thinned out 0 runs, forgot 0 keys')
})

test('killed in the middle it goes on the next time', async () => {
  await endedRuns(3, 40, 20_000)
  const killed = startFlotilla(['cleanup'], env)
  await until(async () => (await left()).events < 60_000, { what: 'it has begun' })
  killed.child.kill('SIGKILL')
  expect(await killed.exit).toBe(137)
  const { runs, events } = await left()
  expect([runs > 0, events > 0]).toEqual([true, true])
  expect(await runFlotilla(['cleanup'], env)).toMatchObject({ code: 0 })
  expect(await left()).toEqual({ runs: 0, events: 0 })
})

test('says that runs are kept for ever where nothing else is set', async () => {
  await endedRuns(1, 4_000, 1)
  env['FLOTILLA_RETAIN_DAYS'] = ''
  const { code, err } = await runFlotilla(['cleanup'], env)
  expect([code, err]).toEqual([0, expect.stringContaining('Runs are kept for ever: set FLOTILLA_RETAIN_DAYS')])
  expect(await left()).toEqual({ runs: 1, events: 1 })
})

test('asks for the migrations of a database that has none', async () => {
  const empty = await createTestDatabase()
  for (const args of [['cleanup', '--dry-run'], ['cleanup']]) {
    const { code, out, err } = await runFlotilla(args, { ...env, DATABASE_URL: empty.url })
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^flotilla: the database is not up to date: .* Run `flotilla migrate` first\n$/)
  }
  await empty.drop()
})

test('refuses settings that contradict each other, with both names', async () => {
  env['FLOTILLA_RETAIN_EVENTS_DAYS'] = '31'
  const { code, err } = await runFlotilla(['cleanup'], env)
  expect(code).toBe(2)
  expect(err).toMatch(/FLOTILLA_RETAIN_EVENTS_DAYS \(31\) must be at most FLOTILLA_RETAIN_DAYS \(30\)/)
})

test('a worker with the role maintenance does it by itself, and stops in between', async () => {
  await migrateQueues(database.url)
  await endedRuns(1, 40, 2_500)
  const worker = spawn(process.execPath, [path.join(ROOT, 'apps/worker/src/main.ts')], {
    env: { ...env, FLOTILLA_MODEL: 'noop', FLOTILLA_ROLES: 'maintenance' },
    stdio: 'ignore',
  })
  onTestFinished(() => void worker.kill('SIGKILL'))
  const exit = once(worker, 'exit')
  await until(async () => (await left()).runs === 0, { what: 'the old run is gone', timeoutMs: 45_000 })
  worker.kill('SIGTERM')
  expect((await exit)[0]).toBe(0)
}, 60_000)
