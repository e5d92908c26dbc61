import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ROOT, startProgram, type Program } from './fixture/program.ts'
import { untilEnded } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

const WORKER = path.join(ROOT, 'apps/worker/src/main.ts')

/** A system without agents, and beside it a worker that is them. */
describeOnEachBackend('a worker that is scraped', (backend) => {
  let worker: Program
  let url: string
  const env = { FLOTILLA_MODEL: 'noop:noop', FLOTILLA_ROLES: 'planner,verifier,learner,maintenance' }
  const system = useSystem(() => ({ backend, env }))
  /** What was exported of traces, as it came. */
  const exported: string[] = []
  const collector = createServer((request, response) => {
    void text(request).then((body) => {
      exported.push(body)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  beforeAll(() => new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve)))
  afterAll(() => void collector.close())
  beforeEach(async () => {
    const own = { DATABASE_URL: system().databaseUrl ?? '', FLOTILLA_ROLES: 'agent:*', FLOTILLA_METRICS_PORT: '0' }
    const { port: collectorPort } = collector.address() as AddressInfo
    const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}` }
    worker = startProgram(WORKER, [], {
      env: { ...system().env, ...own, ...traces, FLOTILLA_DRAIN_SECONDS: '1' },
      tied: true,
    })
    const [, port = ''] = await worker.untilSays(/"event":"ready".*"metricsPort":(\d+)/)
    url = `http://127.0.0.1:${port}`
  })
  afterEach(async () => {
    if (worker.running) worker.signal('SIGTERM')
    await worker.exited
  })

  const valueOf = async (series: string): Promise<number> => {
    const scraped = await (await fetch(`${url}/metrics`)).text()
    return Number(
      scraped
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length + 1),
    )
  }

  test('tells what it did of a run, and answers probes', async () => {
    const { client } = system()
    const tasks = ['a', 'b', 'c'].map((key) => ({ key, role: 'writer' }))
    const { id } = await client.runs.create({ goal: 'Three of them', plan: { tasks } })
    expect((await untilEnded(client, id)).run.status).toBe('completed')
    const places = 'flotilla_slots{state="free"}'
    // The record's answer may reach the worker after the run's end has reached the test.
    await until(async () => (await valueOf(places)) === 50, { what: 'all places of the worker are free' })
    expect(await valueOf('flotilla_claims_total')).toBe(3)
    expect(await valueOf('flotilla_attempts_total{kind="first"}')).toBe(3)
    expect(await valueOf('flotilla_settlements_total{verb="complete"}')).toBe(3)
    expect(await valueOf('flotilla_model_calls_total{model="noop:noop",outcome="ok"}')).toBe(3)
    expect(await valueOf('flotilla_step_batch_size_sum')).toBeGreaterThanOrEqual(6)
    expect(await valueOf('flotilla_wakeups_total{result="work"}')).toBeGreaterThanOrEqual(1)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const trace = createHash('sha256').update(id).digest('hex').slice(0, 32)
    const spans = (): number => exported.join('').split(`"traceId":"${trace}"`).length - 1
    await until(() => spans() === 6, { what: 'three attempts and their calls are exported', timeoutMs: 30_000 })
  })

  test('tells the fleet at the API, while it works and when it is done', async () => {
    const { client, url: api } = system()
    const scaling = async (pool: string): Promise<unknown> => (await fetch(`${api}/internal/scaling/${pool}`)).json()
    worker.signal('SIGTERM')
    await worker.exited
    const tasks = ['a', 'b'].map((key) => ({ key, role: 'writer' }))
    const { id } = await client.runs.create({ goal: 'Nobody is there to do it', plan: { tasks } })
    const waiting = { lane: 0, paused: 0, notDue: 0, limit: 0 }
    const wanted = { pool: 'agents', value: 2, inProgress: 0, ready: 2, waiting }
    await until(async () => isDeepStrictEqual(await scaling('agents'), wanted), { what: 'two tasks are told' })
    await client.runs.pause(id)
    const paused = { ...wanted, value: 0, ready: 0, waiting: { ...waiting, paused: 2 } }
    await until(async () => isDeepStrictEqual(await scaling('agents'), paused), { what: 'they rest' })
    await client.runs.cancel(id)
    const none = { ...wanted, value: 0, ready: 0 }
    await until(async () => isDeepStrictEqual(await scaling('agents'), none), { what: 'nothing is left' })
  })
})
