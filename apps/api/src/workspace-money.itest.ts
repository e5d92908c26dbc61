import {
  createDb,
  createPool,
  inWorkspace,
  pauseForBudget,
  readWorkspaceBudget,
  releaseLostCalls,
  reserveCalls,
  setWorkspaceBudget,
  settleCalls,
} from '@flotilla/db'
import type { CostKinds, CostReport, RunCost, RunView, TokenKinds, WorkspaceBudget } from '@flotilla/domain'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { claimTask, expand, openApi, problemOf, type Api } from './testing/api-fixture.ts'

const OTHER = 2
let api: Api
beforeAll(async () => {
  api = await openApi()
  await api.pool.query("insert into flotilla.workspaces (id, uid, name) values ($1, 'wsp_other', 'other')", [OTHER])
})
beforeEach(async () => {
  await api.pool.query('delete from flotilla.runs; delete from flotilla.budget_calls; delete from flotilla.budgets')
  await api.call('PUT', '/v1/budget', { json: { limits: {} } })
})
afterAll(() => api.close())

const task = (key: string) => ({ key, role: 'writer', instructions: 'Write', type: key === 'a' ? 'code' : 'general' })
const running = async (labels: Record<string, string> = {}): Promise<{ id: string; runId: number }> => {
  const id = await api.submit({ plan: { tasks: [task('a'), task('b')] }, labels })
  return { id, runId: await expand(api, id) }
}
const tokens: TokenKinds = {
  inputTokens: 100,
  cachedInputTokens: 40,
  cacheWriteTokens: 0,
  outputTokens: 20,
  reasoningTokens: 5,
}
const parts = (totalUsd: number): CostKinds => ({
  inputUsd: totalUsd,
  cachedInputUsd: 0,
  cacheWriteUsd: 0,
  outputUsd: 0,
  reasoningUsd: 0,
  totalUsd,
})
/** A paid call of a task; with null it stays held. */
const call = async (
  runId: number,
  idx: number,
  usd: number | null,
  name = 'anthropic:claude',
): Promise<readonly unknown[]> => {
  const { fence } = await claimTask(api, runId, idx)
  const key = `${idx}/${name}`
  const most = { tokens: 200, costUsd: 1, toolCalls: 0, seconds: 1 }
  const admitted = await reserveCalls(api.pool, [
    { runId, key, idx, fence, kind: 'model', name, purpose: 'task', most },
  ])
  if (usd === null) return admitted
  const used = { tokens: 120, costUsd: usd, toolCalls: 0, seconds: 1, usage: tokens, parts: parts(usd) }
  return settleCalls(api.pool, [{ runId, key, used }])
}
const budget = async (): Promise<WorkspaceBudget> => (await api.call('GET', '/v1/budget')).json
const costs = async (query: string): Promise<CostReport> => (await api.call('GET', `/v1/costs${query}`)).json

describe('/v1/budget', () => {
  it('tells a month that nothing was called in', async () => {
    const now = new Date().toISOString()
    const found = await budget()
    expect(found).toEqual({
      month: now.slice(0, 7),
      resetsAt: expect.stringMatching(/^\d{4}-\d{2}-01T00:00:00\.000Z$/),
      limits: {},
      reserved: { tokens: 0, costUsd: 0, toolCalls: 0, seconds: 0 },
      spent: { tokens: 0, costUsd: 0, toolCalls: 0, seconds: 0 },
      whenReached: expect.stringContaining('onExceeded'),
    })
    expect(found.resetsAt > now).toBe(true)
  })

  it('sets all limits with PUT, some with PATCH, and takes one away with null', async () => {
    const limits = { costUsd: 50, tokens: 1_000_000 }
    expect((await api.call('PUT', '/v1/budget', { json: { limits } })).json).toMatchObject({ limits, resumed: [] })
    await api.call('PATCH', '/v1/budget', { json: { limits: { toolCalls: 5, tokens: null } } })
    expect((await budget()).limits).toEqual({ costUsd: 50, toolCalls: 5 })
    await api.call('PUT', '/v1/budget', { json: { limits: { seconds: 60 } } })
    expect((await budget()).limits).toEqual({ seconds: 60 })
  })

  it('shows what is held and spent, and refuses a limit below it', async () => {
    const { runId } = await running()
    await call(runId, 0, 0.25)
    await call(runId, 1, null)
    expect(await budget()).toMatchObject({ reserved: { costUsd: 1 }, spent: { costUsd: 0.25, tokens: 120 } })
    const refused = await api.call('PUT', '/v1/budget', { json: { limits: { costUsd: 1.2 } } })
    expect(refused.status).toBe(422)
    const [error] = problemOf(refused).errors ?? []
    expect(error).toEqual({
      path: '/limits/costUsd',
      message: expect.stringMatching(/limit of \$1\.20 .*spent \(\$0\.25\).*\(\$1\.00\).*at least \$1\.25/),
    })
    expect((await budget()).limits).toEqual({})
    expect((await api.call('PUT', '/v1/budget', { json: { limits: { costUsd: 1.25 } } })).status).toBe(200)
  })

  it.each([
    [{ limits: { costUsd: -1 } }, '/limits/costUsd', 'from 0 to 1,000,000,000, found -1'],
    [{ limits: { costUsd: 1e12 } }, '/limits/costUsd', 'found 1000000000000'],
    [{ limits: { tokens: 0 } }, '/limits/tokens', 'found 0'],
    [{ limits: { tokens: 1.5 } }, '/limits/tokens', 'expected a whole number of tokens, found 1.5'],
    [{ limits: { seconds: 1e12 } }, '/limits/seconds', 'found 1000000000000'],
    [{ limits: { seconds: 'a day' } }, '/limits/seconds', 'expected a number of seconds'],
    [{ limits: { dollars: 1 } }, '/limits/dollars', ''],
    [{ costUsd: 1 }, '/limits', 'expected {"limits": {"costUsd": 5}}'],
    [{}, '/limits', ''],
  ])('refuses %j', async (json, path, message) => {
    for (const method of ['PUT', 'PATCH']) {
      const answer = await api.call(method, '/v1/budget', { json })
      expect(answer.status).toBe(422)
      expect(problemOf(answer).errors).toContainEqual({ path, message: expect.stringContaining(message) })
    }
    expect((await budget()).limits).toEqual({})
  })

  it('has spent what the calls have cost, also where a run has passed its own limit by them', async () => {
    const id = await api.submit({ plan: { tasks: [task('a')] }, budget: { costUsd: 1.5 } })
    await call(await expand(api, id), 0, 4)
    expect((await costs('')).total.cost.totalUsd).toBe(4)
    expect((await budget()).spent.costUsd).toBe(4)
    const topUp = await api.call('PATCH', `/v1/runs/${id}`, { json: { budget: { costUsd: 3 } } })
    expect(problemOf(topUp).errors).toMatchObject([{ message: expect.stringContaining('is spent ($4.00)') }])
  })

  it('lets the runs go on that rest since the month was used up, where a limit is raised, and no others', async () => {
    await api.call('PUT', '/v1/budget', { json: { limits: { costUsd: 1 } } })
    const [ofMonth, ofRun, byUser] = [await running(), await running(), await running()]
    const stop = (level: string) => ({ reason: `the ${level}'s budget`, policy: 'pause', budget: { level } })
    await pauseForBudget(api.db, { runId: ofMonth.runId, idx: 0 }, stop('workspace'))
    await pauseForBudget(api.db, { runId: ofRun.runId, idx: 0 }, stop('run'))
    await api.call('POST', `/v1/runs/${byUser.id}/pause`)
    const lower = await api.call('PATCH', '/v1/budget', { json: { limits: { costUsd: 0.5 } } })
    expect(lower.json).toMatchObject({ resumed: [] })
    const shown = (await api.call('GET', `/v1/runs/${ofMonth.id}`)).json as RunView
    expect(shown.pause).toEqual({
      by: 'budget',
      reason: "the workspace's budget",
      level: 'workspace',
      since: expect.any(String),
    })
    const higher = await api.call('PATCH', '/v1/budget', { json: { limits: { costUsd: 2 } } })
    expect(higher.json).toMatchObject({ resumed: [ofMonth.id] })
    const states = await Promise.all(
      [ofMonth, ofRun, byUser].map(async ({ id }) => {
        const { status, pause } = (await api.call('GET', `/v1/runs/${id}`)).json as RunView
        return [status, pause?.by]
      }),
    )
    expect(states).toEqual([
      ['executing', undefined],
      ['paused', 'budget'],
      ['paused', 'user'],
    ])
  })

  it('refuses a call that the month has no room for, by its name', async () => {
    await api.call('PUT', '/v1/budget', { json: { limits: { costUsd: 0.5 } } })
    const { runId } = await running()
    expect(await call(runId, 0, null)).toMatchObject([
      { status: 'budget', stop: { level: 'workspace', dimension: 'costUsd', limit: 0.5, asked: 1 } },
    ])
  })
})

describe('/v1/costs', () => {
  it('counts each call once, by what is asked for, the dearest first', async () => {
    const one = await running({ team: 'red' })
    const two = await running()
    await call(one.runId, 0, 0.2)
    await call(one.runId, 1, 0.3, 'openai:gpt')
    await call(two.runId, 0, 0.1)
    await call(two.runId, 1, null)
    const by = async (what: string) => {
      const report = await costs(`?by=${what}`)
      expect(report.total).toMatchObject({ calls: 3, estimatedCalls: 0, cost: { totalUsd: 0.6 }, estimatedUsd: 0 })
      expect(report.total.tokens.inputTokens).toBe(300)
      return report.items.map(({ key, calls, cost }) => [key, calls, cost.totalUsd])
    }
    expect(await by('model')).toEqual([
      ['anthropic:claude', 2, 0.3],
      ['openai:gpt', 1, 0.3],
    ])
    expect(await by('run')).toEqual([
      [one.id, 2, 0.5],
      [two.id, 1, 0.1],
    ])
    expect(await by('agent')).toEqual([['writer', 3, 0.6]])
    expect(await by('task_type')).toEqual(
      expect.arrayContaining([
        ['code', 2, 0.3],
        ['general', 1, 0.3],
      ]),
    )
    expect(await by('purpose')).toEqual([['task', 3, 0.6]])
    expect(await by('label:team')).toEqual([
      ['red', 2, 0.5],
      [null, 1, 0.1],
    ])
    expect((await by('day')).map(([, calls]) => calls)).toEqual([3])
  })

  it('sums what the limit leaves out, and keeps to the times', async () => {
    const { runId } = await running()
    await call(runId, 0, 0.2)
    await call(runId, 1, 0.3, 'openai:gpt')
    const report = await costs('?limit=1')
    expect([report.items.length, report.rest.calls, report.rest.cost.totalUsd]).toEqual([1, 1, 0.2])
    expect((await costs('?from=2020-01-01&to=2020-02-01')).total.calls).toBe(0)
    const month = new Date().toISOString().slice(0, 7)
    expect(await costs('')).toMatchObject({ from: `${month}-01T00:00:00.000Z`, by: 'model', total: { calls: 2 } })
    expect(await costs('?from=2020-01-01')).toMatchObject({ from: '2020-01-01T00:00:00.000Z', total: { calls: 2 } })
  })

  it('tells of calls that nobody knows the cost of', async () => {
    const { id, runId } = await running()
    await call(runId, 0, null)
    await api.call('POST', `/v1/runs/${id}/cancel`)
    await releaseLostCalls(api.pool, 10)
    expect(await costs('')).toMatchObject({ lostCalls: 1, total: { calls: 0 } })
  })

  it.each([
    ['?by=colour', '/by', 'found "colour"'],
    ['?by=label', '/by', 'label:KEY'],
    ['?from=yesterday', '/from', 'expected a time such as'],
    ['?from=2026-02-01&to=2026-01-01', '/to', 'after "from"'],
    ['?limit=0', '/limit', 'from 1 to 1000'],
    ['?since=x', '/since', ''],
  ])('refuses %s', async (query, path, message) => {
    const answer = await api.call('GET', `/v1/costs${query}`)
    expect(answer.status).toBe(422)
    expect(problemOf(answer).errors).toContainEqual({ path, message: expect.stringContaining(message) })
  })
})

it('the cost of a run shows what was expected of it', async () => {
  const { id, runId } = await running()
  await call(runId, 0, 0.2)
  expect(((await api.call('GET', `/v1/runs/${id}/cost`)).json as RunCost).estimate).toBeNull()
  const range = (low: number, expected: number, high: number) => ({ low, expected, high })
  const estimate = { tokens: range(1, 2, 3), costUsd: range(0, 0.1, 0.4), seconds: range(0, 1, 1e6) }
  await api.pool.query('update flotilla.run_specs set analysis = $2 where run_id = $1', [
    runId,
    JSON.stringify({ estimate: { tasks: 2, parallelism: 1, ...estimate } }),
  ])
  const after = (await api.call('GET', `/v1/runs/${id}/cost`)).json as RunCost
  expect(after.estimate).toMatchObject({
    tokens: { low: 1, expected: 2, high: 3, within: false },
    costUsd: { expected: 0.1, within: true },
    seconds: { within: true },
  })
})

describe('another workspace', () => {
  it('has a month of its own, which requests of this one neither read nor set', async () => {
    const pool = createPool({ url: api.databaseUrl, role: 'app', max: 1, applicationName: 'test', onError: () => {} })
    const db = createDb(pool)
    const set = { workspaceId: OTHER, limits: { costUsd: 7 }, keep: false }
    await inWorkspace(db, OTHER, (tx) => setWorkspaceBudget(tx, set))
    await expect(inWorkspace(db, 1, (tx) => setWorkspaceBudget(tx, set))).rejects.toThrow(/no result/)
    await expect(inWorkspace(db, 1, (tx) => readWorkspaceBudget(tx, OTHER))).rejects.toThrow(/no workspace 2/)
    expect((await budget()).limits).toEqual({})
    expect((await inWorkspace(db, OTHER, (tx) => readWorkspaceBudget(tx, OTHER))).limits).toEqual({ costUsd: 7 })
    await api.pool.query(
      `insert into flotilla.budget_calls (run_id, key, workspace_id, fence, kind, name, status, accounts, reserved_at, usage, parts)
         values (null, 'theirs', $1, 0, 'model', 'theirs:model', 'settled', '{}', now(), $2, $3)`,
      [OTHER, JSON.stringify(tokens), JSON.stringify(parts(9))],
    )
    expect((await costs('?from=2020-01-01')).total.calls).toBe(0)
    await pool.end()
  })
})
