import { tellWorker } from '@flotilla/db'
import type { FleetView, RunStats, WorkerTold } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimTask, expand, openApi, problemOf, runToEnd, type Api } from './testing/api-fixture.ts'

const PLAN = { tasks: [{ key: 'a', role: 'writer' }] }

let api: Api
beforeAll(async () => {
  api = await openApi()
  const done = await api.submit({ plan: PLAN, labels: { team: 'infra' } })
  await runToEnd(api, await expand(api, done))
  const stopped = await api.submit({ labels: { team: 'infra' } })
  await api.call('POST', `/v1/runs/${stopped}/cancel`)
  const failed = await api.submit({ labels: { team: 'web' } })
  await api.pool.query(`update flotilla.runs set status = 'failed', live = false, finished_at = now() where uid = $1`, [
    failed,
  ])
  await api.pool.query(
    `update flotilla.run_specs set error = '{"code": "budget_exceeded", "message": "used up"}' where run_id = (select id from flotilla.runs where uid = $1)`,
    [failed],
  )
})
afterAll(() => api.close())

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

const TOLD: WorkerTold = {
  version: '1.0.0',
  roles: ['planner', 'agent:*'],
  places: 50,
  draining: false,
  minute: 0,
  done: {},
  chores: null,
}

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
    const done = [...Array.from({ length: 14 }, () => 0), 6]
    await tell('w1')
    await tell('w2', {
      minute,
      done: { 'agent:editor': done },
      chores: { sweptMsAgo: 0, everyMs: 500, done: { woken: done } },
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
