import { tellWorker } from '@flotilla/db'
import type { CostReport, ErrorStats, FleetView, RunStats, WorkerTold } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimTask, expand, openApi, problemOf, runToEnd, type Api } from './testing/api-fixture.ts'

const PLAN = { tasks: [{ key: 'a', role: 'writer' }] }

let api: Api
let done: string
let failed: string
beforeAll(async () => {
  api = await openApi()
  done = await api.submit({ plan: PLAN, labels: { team: 'infra' } })
  await runToEnd(api, await expand(api, done))
  await paid('scripted:dear', 0, 30, 0.2)
  await paid('scripted:cheap', 0, 10, 0.05)
  await paid('scripted:cheap', null, 2, 0)
  const stopped = await api.submit({ labels: { team: 'infra' } })
  await api.call('POST', `/v1/runs/${stopped}/cancel`)
  failed = await api.submit({ labels: { team: 'web' } })
  await api.pool.query(`update flotilla.runs set status = 'failed', live = false, finished_at = now() where uid = $1`, [
    failed,
  ])
  await api.pool.query(
    `update flotilla.run_specs set error = '{"code": "budget_exceeded", "message": "used up"}' where run_id = (select id from flotilla.runs where uid = $1)`,
    [failed],
  )
})
afterAll(() => api.close())

const RUN = 'select id from flotilla.runs where uid = $1'

/** A call of the completed run in the ledger. */
const paid = (model: string, idx: number | null, tokens: number, usd: number) =>
  api.pool.query(
    `insert into flotilla.budget_calls (run_id, key, workspace_id, idx, fence, kind, name, status, accounts, reserved_at, tokens_charged, cost_usd_charged, usage, parts)
     values ((${RUN}), $2 || coalesce($3::int, -1), 1, $3::int, 0, 'model', $2, 'settled', '{}', now(), $4::int, $5::numeric,
       jsonb_build_object('inputTokens', $4::int), jsonb_build_object('totalUsd', $5::numeric))`,
    [done, model, idx, tokens, usd],
  )

const stats = async (query = ''): Promise<RunStats> => (await api.call('GET', `/v1/stats/runs${query}`)).json

describe('GET /v1/stats/runs', () => {
  it('counts by day how runs ended, with their quality and errors', async () => {
    const told = await stats()
    expect(told.by).toBe('day')
    expect(told.items).toHaveLength(1)
    expect(told.items[0]?.key).toBe(new Date().toISOString().slice(0, 10))
    expect(told.total).toMatchObject({
      runs: 3,
      completed: 1,
      failed: 1,
      cancelled: 1,
      successRate: 0.5,
      meanQuality: 1,
    })
    expect(told.total.tokens).toBe(42)
    expect(told.total.costUsd).toBeCloseTo(0.25)
    expect(told.total.meanDurationMs).toBeGreaterThanOrEqual(0)
    expect(told.quality).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    expect(told.errors).toEqual([{ code: 'budget_exceeded', runs: 1 }])
  })

  it('counts by label and by status, the most frequent first', async () => {
    expect((await stats('?by=label:team')).items.map(({ key, runs }) => [key, runs])).toEqual([
      ['infra', 2],
      ['web', 1],
    ])
    expect(
      (await stats('?by=status')).items.map(({ key }) => key).toSorted((a, b) => (a ?? '').localeCompare(b ?? '')),
    ).toEqual(['cancelled', 'completed', 'failed'])
    expect((await stats('?by=label:none')).items).toMatchObject([{ key: null, runs: 3 }])
  })

  it('counts nothing of another time', async () => {
    const told = await stats('?from=2020-01-01&to=2020-02-01')
    expect(told).toMatchObject({ total: { runs: 0, successRate: null, tokens: 0 }, items: [], errors: [] })
    expect(told.quality).toHaveLength(10)
  })

  it.each(['?by=nothing', '?from=2026-02-01&to=2026-01-01', '?from=never'])('refuses %s', async (query) => {
    const answer = await api.call('GET', `/v1/stats/runs${query}`)
    expect(answer.status).toBe(422)
    expect(problemOf(answer).code).toBe('invalid_input')
  })
})

describe('GET /v1/stats/runs of some runs', () => {
  it.each([
    ['label=team:infra', 2],
    ['label=team:infra&status=cancelled', 1],
    ['status=failed,completed', 2],
    ['mode=parallel', 3],
    ['mode=sequential', 0],
    ['type=research', 0],
  ])('counts those with %s', async (which, runs) => {
    const told = await stats(`?${which}`)
    expect(told.total.runs).toBe(runs)
    expect(told.items.reduce((sum, item) => sum + item.runs, 0)).toBe(runs)
    expect(told.errors).toHaveLength(which === 'status=failed,completed' || which === 'mode=parallel' ? 1 : 0)
  })

  it('counts a run for each agent and model that it used, with what their calls have cost, and once in all', async () => {
    const models = await stats('?by=model')
    expect(models.items).toMatchObject([
      { key: 'scripted:cheap', runs: 1, completed: 1, meanQuality: 1, tokens: 12, costUsd: 0.05 },
      { key: 'scripted:dear', runs: 1, tokens: 30, costUsd: 0.2 },
    ])
    expect(models.total).toMatchObject({ runs: 3, tokens: 42 })
    const agents = await stats('?by=agent')
    expect(agents.items).toMatchObject([{ key: 'writer', runs: 1, tokens: 40, costUsd: 0.25 }])
  })

  it('has series by day of those that it has most of, and of all others', async () => {
    const { series } = await stats('?split=label:team&top=1')
    const day = new Date().toISOString().slice(0, 10)
    expect(series).toMatchObject([
      { key: 'infra', rest: false, total: { runs: 2 }, items: [{ day, runs: 2, completed: 1, cancelled: 1 }] },
      { key: null, rest: true, total: { runs: 1 }, items: [{ day, runs: 1, failed: 1 }] },
    ])
    expect((await stats('?split=label:none')).series).toMatchObject([{ key: null, rest: false, total: { runs: 3 } }])
    expect((await stats('?split=model&label=team:web')).series).toEqual([])
    expect((await stats()).series).toEqual([])
  })

  it.each([
    ['split=day', '/split'],
    ['type=nothing', '/type'],
    ['mode=x', '/mode'],
    ['label=x', '/label'],
    ['split=mode&top=21', '/top'],
    ['split=mode&from=2025-01-01&to=2026-06-01', '/to'],
  ])('refuses %s', async (given, path) => {
    const answer = await api.call('GET', `/v1/stats/runs?${given}`)
    expect(answer.status).toBe(422)
    expect(problemOf(answer).errors?.map((issue) => issue.path)).toEqual([path])
  })
})

describe('GET /v1/stats/errors', () => {
  const errors = async (which = ''): Promise<ErrorStats> => (await api.call('GET', `/v1/stats/errors${which}`)).json

  it('tells which part has failed, with which model or tool, also where another try went well', async () => {
    const day = new Date().toISOString().slice(0, 10)
    for (const number of [7, 8])
      await api.pool.query(
        `insert into flotilla.attempts (run_id, idx, number, workspace_id, kind, status, worker, started_at, finished_at, usage, error)
         values ((${RUN}), 0, $2, 1, 'retry', 'failed', 'w', now(), now(), '{}', '{"code": "model_timeout", "message": "late"}')`,
        [done, number],
      )
    await api.pool.query(
      `insert into flotilla.tool_calls (run_id, idx, attempt, turn, n, workspace_id, call_id, effect_id, tool, arguments, status)
       values ((${RUN}), 0, 1, 1, 1, 1, '', '', 'http_fetch', '{}', 'failed')`,
      [done],
    )
    const told = await errors()
    expect(told).toMatchObject({ total: 4, rest: 0 })
    expect(told.items).toEqual([
      { component: 'model', code: 'model_timeout', name: 'noop:noop', errors: 2, runs: 1, days: [{ day, errors: 2 }] },
      { component: 'budget', code: 'budget_exceeded', name: null, errors: 1, runs: 1, days: [{ day, errors: 1 }] },
      { component: 'tool', code: 'tool_failed', name: 'http_fetch', errors: 1, runs: 1, days: [{ day, errors: 1 }] },
    ])
    expect(await errors('?limit=1')).toMatchObject({ total: 4, rest: 2, items: [{ code: 'model_timeout' }] })
    expect((await errors('?label=team:web')).items.map(({ code }) => code)).toEqual(['budget_exceeded'])
    expect(await errors('?from=2020-01-01&to=2020-02-01')).toMatchObject({ total: 0, items: [], rest: 0 })
    expect((await api.call('GET', '/v1/stats/errors?from=2020-01-01')).status).toBe(422)
  })

  it('leads to the runs that had it', async () => {
    const found = async (which: string): Promise<string[]> =>
      ((await api.call('GET', `/v1/runs?${which}`)).json as { items: { id: string }[] }).items.map(({ id }) => id)
    expect(await found('error=model_timeout')).toEqual([done])
    expect(await found('error=tool_failed')).toEqual([done])
    expect(await found('error=budget_exceeded')).toEqual([failed])
    expect(await found('agent=writer&status=completed,failed')).toEqual([done])
    expect(await found('model=scripted:dear')).toEqual([done])
    expect(await found('model=scripted:dear&mode=sequential')).toEqual([])
    expect((await api.call('GET', '/v1/runs?error=nothing')).status).toBe(422)
  })
})

const TOLD: WorkerTold = {
  version: '1.0.0',
  roles: ['planner', 'agent:*'],
  places: 50,
  draining: false,
  minute: 0,
  done: {},
  chores: null,
}

describe('GET /v1/costs of some runs', () => {
  const costs = async (which: string): Promise<CostReport> => (await api.call('GET', `/v1/costs?${which}`)).json

  it('counts their calls alone', async () => {
    expect((await costs('label=team:infra')).total.calls).toBe(3)
    expect(await costs('label=team:web')).toMatchObject({ total: { calls: 0 }, items: [], series: [] })
    expect((await api.call('GET', '/v1/costs?label=x')).status).toBe(422)
  })

  it('has series by day of the first items, and of all others', async () => {
    const day = new Date().toISOString().slice(0, 10)
    const { series } = await costs('by=model&over=day&top=1')
    expect(series).toEqual([
      {
        key: 'scripted:dear',
        rest: false,
        items: [{ day, calls: 1, inputTokens: 30, outputTokens: 0, costUsd: 0.2 }],
      },
      { key: null, rest: true, items: [{ day, calls: 2, inputTokens: 12, outputTokens: 0, costUsd: 0.05 }] },
    ])
    const byAgent = await costs('by=agent&over=day')
    expect(byAgent.series.map(({ key, rest }) => [key, rest])).toEqual([
      ['writer', false],
      [null, false],
    ])
    expect((await api.call('GET', '/v1/costs?over=week')).status).toBe(422)
    expect((await api.call('GET', '/v1/costs?over=day&from=2020-01-01')).status).toBe(422)
  })
})

describe('GET /internal/fleet', () => {
  // What is read is kept for a second.
  const untilFleet = (what: string, is: (fleet: FleetView) => boolean): Promise<FleetView> =>
    until(
      async () => {
        const fleet: FleetView = (await api.call('GET', '/internal/fleet')).json
        return is(fleet) ? fleet : null
      },
      { what },
    )
  const tell = (name: string, more: Partial<WorkerTold> = {}) =>
    tellWorker(api.db, { name, startedAt: new Date() }, { ...TOLD, ...more })

  it('tells work by pool, and who has it in hand', async () => {
    const runId = await expand(
      api,
      await api.submit({ plan: { tasks: [...PLAN.tasks, { key: 'b', role: 'writer' }] } }),
    )
    await claimTask(api, runId, 0)
    const fleet: FleetView = (await api.call('GET', '/internal/fleet')).json
    expect(fleet.runs).toMatchObject({ executing: 1 })
    expect(fleet.workers).toMatchObject([{ name: 'w1', tasks: 1, state: 'working', places: null }])
    const writers = fleet.pools.find(({ pool }) => pool === 'agent:writer')
    expect(writers).toMatchObject({ inProgress: 1, ready: 1, waiting: { lane: 0, paused: 0 }, donePerMinute: 0 })
    expect(writers?.oldestSeconds).toBeGreaterThanOrEqual(0)
    expect(fleet.reconciler).toBeNull()
  })

  it('tells of workers without work, what was done lately, and who does the chores', async () => {
    const minute = Math.floor(Date.now() / 60_000)
    const counts = [...Array.from({ length: 14 }, () => 0), 6]
    await tell('w1')
    await tell('w2', {
      minute,
      done: { 'agent:editor': counts },
      chores: { sweptMsAgo: 0, everyMs: 500, done: { woken: counts } },
    })
    const fleet = await untilFleet('both workers are known', ({ workers }) =>
      workers.every(({ roles }) => roles.length > 0),
    )
    expect(fleet.workers).toMatchObject([
      { name: 'w1', tasks: 1, state: 'working', places: 50, roles: ['planner', 'agent:*'], version: '1.0.0' },
      { name: 'w2', tasks: 0, state: 'idle' },
    ])
    const editors = fleet.pools.find(({ pool }) => pool === 'agent:editor')
    expect(editors).toMatchObject({ inProgress: 0, ready: 0, oldestSeconds: null })
    expect(editors?.donePerMinute).toBeGreaterThan(0)
    expect(fleet.reconciler).toMatchObject({ worker: 'w2', everySeconds: 0.5, done: { woken: 6 } })
  })

  it('tells for how long a worker was not heard of, until it is forgotten', async () => {
    const grow = (seconds: number) =>
      api.pool.query(`update flotilla.workers set heard_at = heard_at - make_interval(secs => $1) where name = 'w2'`, [
        seconds,
      ])
    await grow(60)
    const silent = await untilFleet('w2 is silent', ({ workers }) => workers.some(({ state }) => state === 'silent'))
    expect(silent.workers[1]).toMatchObject({ name: 'w2', state: 'silent' })
    expect(silent.workers[1]?.heardSecondsAgo).toBeGreaterThanOrEqual(60)
    await grow(300)
    await tell('w1')
    await untilFleet('w2 is forgotten', ({ workers }) => workers.every(({ name }) => name === 'w1'))
  })
})
