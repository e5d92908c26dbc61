import { randomBytes } from 'node:crypto'
import { replaceRoleLimits } from '@flotilla/db'
import { sortableId, type ScalingView } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiMetrics } from './metrics/api-metrics.ts'
import { claimTask, expand, openApi, problemOf, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const scaling = async (pool: string): Promise<ScalingView> => {
  const answer = await api.call('GET', `/internal/scaling/${pool}`)
  expect(answer.status).toBe(200)
  return answer.json
}
const none = { lane: 0, paused: 0, notDue: 0, limit: 0 }

describe('what an autoscaler is told', () => {
  it('is nothing where there is nothing to do, of a role that nobody uses, too', async () => {
    for (const pool of ['agents', 'agent:nobody', 'plan', 'verify', 'learn', 'maintain'])
      expect(await scaling(pool)).toEqual({ pool, value: 0, inProgress: 0, ready: 0, waiting: none })
  })

  it('is what is in progress and ready, of every workspace', async () => {
    const tasks = ['a', 'b', 'c'].map((key) => ({ key, role: 'writer' }))
    const runId = await expand(api, await api.submit({ plan: { tasks: [...tasks, { key: 'd', role: 'analyst' }] } }))
    await api.submit()
    await claimTask(api, runId, 0)
    await foreignTask('writer')
    await until(async () => (await scaling('agents')).value === 5, { what: 'the fleet is read anew' })
    expect(await scaling('agents')).toEqual({ pool: 'agents', value: 5, inProgress: 1, ready: 4, waiting: none })
    expect(await scaling('agent:writer')).toMatchObject({ value: 4, inProgress: 1, ready: 3 })
    expect(await scaling('agent:analyst')).toMatchObject({ value: 1, ready: 1 })
    expect(await scaling('plan')).toMatchObject({ value: 1, ready: 1 })
    await replaceRoleLimits(api.db, [{ role: 'writer', max: 2 }])
    await until(async () => (await scaling('agent:writer')).value === 2, { what: 'the fleet is read anew' })
    expect(await scaling('agents')).toMatchObject({ value: 3, waiting: { ...none, limit: 2 } })
  })

  it.each(['planner', 'agent:', 'agent:Writer', 'agent:*', 'agent:a:b'])('there is no pool %s', async (pool) => {
    const answer = await api.call('GET', `/internal/scaling/${encodeURIComponent(pool)}`)
    expect(answer.status).toBe(404)
    expect(problemOf(answer).detail).toMatch(/there is no pool ".*"; expected agents, agent:<role>.*maintain/)
  })

  it('is read only', async () => {
    expect((await api.call('POST', '/internal/scaling/agents', { json: {} })).status).toBe(405)
    expect((await api.call('GET', '/internal/scaling')).status).toBe(404)
  })
})

describe('what Prometheus is told', () => {
  const scrape = async (of: Api = api): Promise<string> => {
    const answer = await of.call('GET', '/metrics')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/plain; version=/),
    ])
    return answer.text
  }

  it('holds the fleet and the process, and requests by the route that they took', async () => {
    const id = await api.submit()
    await api.call('GET', `/v1/runs/${id}`)
    await api.call('GET', '/v1/runs/run_nothing')
    await api.call('GET', `/made-up-${id}`)
    const text = await scrape()
    for (const series of [
      'flotilla_queue_depth{pool="agents"}',
      'flotilla_queue_depth{pool="agent:writer"}',
      'flotilla_queue_depth{pool="learn"} 0',
      'flotilla_queue_oldest_age_seconds{pool="plan"}',
      'flotilla_runs{status="executing"}',
      'flotilla_runs{status="paused"} 0',
      'flotilla_sse_readers 0',
      'flotilla_db_pool{state="idle"}',
      'flotilla_build_info{version="',
      'flotilla_http_request_duration_seconds_count{route="/v1/runs/:id",method="GET",status="200"} 1',
      'flotilla_http_request_duration_seconds_count{route="/v1/runs/:id",method="GET",status="404"} 1',
      'flotilla_http_request_duration_seconds_count{route="none",method="GET",status="404"}',
      'flotilla_http_request_duration_seconds_count{route="/internal/scaling/:pool",method="GET",status="200"}',
    ])
      expect(text).toContain(series)
    expect(text).not.toContain(id)
  })

  it('holds a lane as open or closed', async () => {
    const state = JSON.stringify({
      closedUntil: Date.now() + 3_600_000,
      closedWhy: '',
      strikes: 0,
      meters: {},
      lines: {},
    })
    await api.pool.query(
      `insert into flotilla.model_lanes (id, state) values ('anthropic/m/k1', $1), ('anthropic/m/k2', $1::jsonb || '{"closedUntil": 0}')`,
      [state],
    )
    await until(async () => (await scrape()).includes('lane="anthropic/m/k1"'), { what: 'the fleet is read anew' })
    const text = await scrape()
    expect(text).toContain('flotilla_lane_open{lane="anthropic/m/k1"} 0')
    expect(text).toContain('flotilla_lane_open{lane="anthropic/m/k2"} 1')
  })

  it('is still the process where the record is away', async () => {
    const fleet = { backlogs: away, figures: away, lanes: away, atWork: away, workers: away }
    const deaf = await openApi(({ metrics, log, feeds }) => ({
      fleet,
      metrics: {
        ...createApiMetrics({ fleet, modelLabel: String, sseReaders: feeds.readers, pools: [], log }),
        close: metrics.close,
      },
    }))
    const text = await scrape(deaf)
    expect(text).toContain('flotilla_resident_memory_bytes')
    expect(text).not.toContain('flotilla_queue_depth{')
    await deaf.close()
  })
})

const away = (): Promise<never> => Promise.reject(new Error('the record is away'))

/** A ready task of a workspace that requests do not see. */
async function foreignTask(role: string): Promise<void> {
  await api.pool.query(
    `insert into flotilla.workspaces (id, uid, name) values (77, 'wsp_other', 'other') on conflict do nothing`,
  )
  await api.pool.query(
    `with r as (
       insert into flotilla.runs (workspace_id, uid, status, auto_start, expanded, priority, total, todo)
       values (77, $1, 'executing', true, true, 5, 1, 1) returning id)
     insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, deps, outs)
     select id, 0, 77, $2, 5, 'ready', '{}', '{}' from r`,
    [sortableId('run', Date.now(), randomBytes(16)), role],
  )
}
