import { createTcpProxy, describeOnRedis, testRedisUrl, until, type TcpProxy } from '@flotilla/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import path from 'node:path'
import { ROOT, startProgram, type Program } from './fixture/program.ts'
import { untilEnded } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

const WORKER = path.join(ROOT, 'apps/worker/src/main.ts')
const EXIT_QUEUE_DEAD = 75
/** The published time, and what the process's end takes. */
const ENDS_WITHIN_MS = 25_000 + 15_000
const AWAY_MS = 30_000

/** A system, and beside it a worker whose line to Redis the test holds in its hand. */
describeOnRedis('a worker whose queue goes silent', () => {
  let proxy: TcpProxy
  let worker: Program
  let url: string
  const system = useSystem(() => ({ backend: 'redis', env: { FLOTILLA_MODEL: 'noop:noop' } }))
  beforeAll(async () => {
    const { hostname, port } = new URL(testRedisUrl())
    // What consumers wait for jobs with, and what they take them with; the producer sends neither.
    const mark = (sent: Buffer): boolean => /bzpopmin|:limiter/i.test(sent.toString('latin1'))
    proxy = await createTcpProxy({ host: hostname, port: Number(port), mark })
  })
  afterAll(() => proxy.close())
  beforeEach(async () => {
    const env = { ...system().env, DATABASE_URL: system().databaseUrl ?? '', REDIS_URL: proxy.url(testRedisUrl()) }
    worker = startProgram(WORKER, [], {
      env: { ...env, FLOTILLA_WORKER_NAME: 'alone', FLOTILLA_HEALTH_PORT: '0', FLOTILLA_DRAIN_SECONDS: '1' },
      tied: true,
    })
    const [, port = ''] = await worker.untilSays(/"event":"ready".*"healthPort":(\d+)/)
    url = `http://127.0.0.1:${port}`
  })
  afterEach(async () => {
    await proxy.setMode({ kind: 'pass' })
    if (worker.running) worker.signal('SIGTERM')
    await worker.exited
  })

  const ready = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).ok

  test('while Redis answers: it is not ready, tells why, and ends for another to take its place', async () => {
    expect(await ready()).toBe(true)
    const silentAt = performance.now()
    await proxy.setMode({ kind: 'blackHole', marked: true })
    await until(async () => !(await ready()), { what: 'it is not ready', timeoutMs: 20_000 })
    await until(() => !worker.running, { what: 'it has ended', timeoutMs: ENDS_WITHIN_MS })
    expect(performance.now() - silentAt).toBeLessThan(ENDS_WITHIN_MS)
    const { code, stderr } = await worker.exited
    expect(code).toBe(EXIT_QUEUE_DEAD)
    expect(stderr).toMatch(/the queue takes jobs, but for \d+ s none has reached this process/)
  })

  test('because Redis is away: it stays, and serves again when Redis is back', async () => {
    const awayAt = performance.now()
    await proxy.setMode({ kind: 'refuse' })
    await until(async () => !(await ready()), { what: 'it is not ready', timeoutMs: 20_000 })
    await until(() => performance.now() - awayAt > AWAY_MS, { what: 'the outage is long', timeoutMs: AWAY_MS + 5_000 })
    await proxy.setMode({ kind: 'pass' })
    await until(ready, { what: 'it is ready again', timeoutMs: 20_000 })
    expect(worker.running).toBe(true)
    const { id } = await system().client.runs.create({ goal: 'Go on', plan: { tasks: [{ key: 'a', role: 'writer' }] } })
    expect((await untilEnded(system().client, id)).run.status).toBe('completed')
  })
})
