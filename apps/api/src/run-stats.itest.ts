import type { FleetView, RunStats } from '@flotilla/domain'
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

describe('GET /internal/fleet', () => {
  it('tells work by pool, and who has it in hand', async () => {
    const runId = await expand(
      api,
      await api.submit({ plan: { tasks: [...PLAN.tasks, { key: 'b', role: 'writer' }] } }),
    )
    await claimTask(api, runId, 0)
    const fleet: FleetView = (await api.call('GET', '/internal/fleet')).json
    expect(fleet.runs).toMatchObject({ executing: 1 })
    expect(fleet.workers).toEqual([{ name: 'w1', tasks: 1 }])
    const writers = fleet.pools.find(({ pool }) => pool === 'agent:writer')
    expect(writers).toMatchObject({ inProgress: 1, ready: 1, waiting: { lane: 0, paused: 0 } })
    expect(writers?.oldestSeconds).toBeGreaterThanOrEqual(0)
  })
})
