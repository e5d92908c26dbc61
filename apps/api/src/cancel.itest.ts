import {
  createPool,
  recordLateUsage,
  recordTurn,
  releaseLostCalls,
  reserveCalls,
  settleCalls,
  sweep,
} from '@flotilla/db'
import { NO_USAGE, type RunView, type TaskView } from '@flotilla/domain'
import type { Hint } from '@flotilla/engine'
import { NO_TOKENS } from '@flotilla/llm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimTask, expand, finish, openApi, settle, type Api } from './testing/api-fixture.ts'

let api: Api
const hints: Hint[] = []
beforeAll(async () => {
  api = await openApi()
  api.hints.subscribe((hint) => hints.push(hint))
})
afterAll(() => api.close())

const PLAN = {
  tasks: [
    { key: 'a', role: 'writer' },
    { key: 'b', role: 'writer' },
    { key: 'c', role: 'writer', dependsOn: ['a', 'b'] },
  ],
}
const log = async (runId: number): Promise<{ seq: number; idx: number | null; type: string }[]> =>
  (await api.pool.query('select seq, idx, type from flotilla.events where run_id = $1 order by seq', [runId]))
    .rows as never

describe('cancelling a run that runs', () => {
  it('ends every open task in one go, and its log with it', async () => {
    const id = await api.submit({ plan: PLAN })
    const runId = await expand(api, id)
    await settle(api, await claimTask(api, runId, 0))
    const running = await claimTask(api, runId, 1)
    const answer = await api.call('POST', `/v1/runs/${id}/cancel`)
    expect(answer.json).toMatchObject({
      id,
      status: 'cancelled',
      cancellation: {
        was: 'executing',
        tasks: { in_progress: 1, pending: 1 },
        spentBefore: { modelCalls: 1, inputTokens: 30, outputTokens: 12, costUsd: 0.25 },
        stopped: { calls: 0, lastStoppedAt: null },
        spentAfter: { modelCalls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 },
      },
    })
    expect((await api.call('POST', `/v1/runs/${id}/cancel`)).json).toEqual(answer.json)
    const tasks = await api.pool.query(
      'select status, due, worker from flotilla.tasks where run_id = $1 order by idx',
      [runId],
    )
    expect(tasks.rows).toEqual([
      { status: 'completed', due: null, worker: null },
      { status: 'cancelled', due: null, worker: null },
      { status: 'cancelled', due: null, worker: null },
    ])
    const attempts = await api.pool.query(
      'select idx, number, kind, status, worker from flotilla.attempts where run_id = $1 order by idx',
      [runId],
    )
    expect(attempts.rows).toEqual([
      { idx: 0, number: 1, kind: 'first', status: 'succeeded', worker: 'w1' },
      { idx: 1, number: 1, kind: 'first', status: 'cancelled', worker: 'w1' },
    ])
    const events = await log(runId)
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1))
    expect(events.slice(-3).map((event) => [event.type, event.idx])).toEqual([
      ['task.cancelled', 1],
      ['task.cancelled', 2],
      ['run.cancelled', null],
    ])
    const run = await api.pool.query('select status, live, holder, todo, seq from flotilla.runs where id = $1', [runId])
    expect(run.rows).toEqual([{ status: 'cancelled', live: false, holder: null, todo: 0, seq: events.length }])
    expect(((await api.call('GET', `/v1/runs/${id}`)).json as RunView).progress).toMatchObject({
      total: 3,
      completed: 1,
      percent: 33,
    })
    expect(hints).toEqual(expect.arrayContaining([{ cancelled: runId }, { runId }]))
    expect((await settle(api, running)).tookEffect).toBe(false)
    const used = { ...NO_USAGE, inputTokens: 5, outputTokens: 1, modelCalls: 1, costUsd: 0.125 }
    expect(await recordLateUsage(api.pool, running, { usage: used, spent: used })).toBe(true)
    const shown = (await api.call('GET', `/v1/runs/${id}`)).json as RunView
    expect(shown.cancellation).toMatchObject({ stopped: { calls: 1 }, spentAfter: used })
    expect(shown.cancellation?.stopped.lastStoppedAt).toMatch(/Z$/)
    expect(shown.usage).toMatchObject({ inputTokens: 35, modelCalls: 2, costUsd: 0.375 })
    expect(await log(runId)).toEqual(events)
  })

  it('shows a call that it has cut off, and what of it was charged once that is known', async () => {
    const id = await api.submit({ plan: PLAN })
    const runId = await expand(api, id)
    const running = await claimTask(api, runId, 0)
    const most = { tokens: 900, costUsd: 0.5, toolCalls: 0, seconds: 60 }
    const ask = {
      runId,
      idx: 0,
      fence: running.fence,
      kind: 'model',
      name: 'anthropic:claude',
      purpose: 'task',
      most,
    } as const
    const tokens = { ...NO_TOKENS, inputTokens: 30, outputTokens: 10 }
    const parts = {
      inputUsd: 0.1,
      cachedInputUsd: 0,
      cacheWriteUsd: 0,
      outputUsd: 0.15,
      reasoningUsd: 0,
      totalUsd: 0.25,
    }
    const used = { tokens: 40, costUsd: 0.25, toolCalls: 0, seconds: 1, usage: tokens, parts }
    await reserveCalls(api.pool, [{ ...ask, key: 'answered' }])
    const turn = {
      turn: 1,
      model: ask.name,
      request: [],
      reply: [],
      stopReason: 'tool_calls',
      context: null,
      startedAt: new Date().toISOString(),
    }
    const usage = { ...NO_USAGE, inputTokens: 30, outputTokens: 10, modelCalls: 1, costUsd: 0.25 }
    await recordTurn(api.pool, running, { ...turn, usage, event: { turn: 1 }, calls: [{ key: 'answered', used }] })
    await reserveCalls(api.pool, [{ ...ask, key: 'cut off' }])
    const cutOff = async () => ((await api.call('GET', `/v1/runs/${id}/tasks/a`)).json as TaskView).cutOffCalls
    expect(await cutOff()).toEqual([])
    await api.call('POST', `/v1/runs/${id}/cancel`)
    const call = { attempt: 1, model: ask.name, startedAt: expect.any(String), endedAt: expect.any(String) }
    expect(await cutOff()).toEqual([{ ...call, charged: 'not_yet', tokens: 0, costUsd: 0, unknownUsdAtMost: 0.5 }])
    await settleCalls(api.pool, [{ runId, key: 'cut off', used: { ...used, estimated: true } }])
    expect(await cutOff()).toEqual([
      { ...call, charged: 'estimated', tokens: 40, costUsd: 0.25, unknownUsdAtMost: 0.25 },
    ])
  })

  it('shows a call whose worker was lost, of which nobody knows what it used', async () => {
    const id = await api.submit({ plan: PLAN })
    const runId = await expand(api, id)
    const { fence } = await claimTask(api, runId, 0)
    const most = { tokens: 900, costUsd: 0.5, toolCalls: 0, seconds: 60 }
    const ask = { runId, idx: 0, fence, kind: 'model', name: 'anthropic:claude', purpose: 'task', most } as const
    await reserveCalls(api.pool, [{ ...ask, key: 'lost' }])
    await api.pool.query("update flotilla.tasks set due = clock_timestamp() - interval '1 hour' where run_id = $1", [
      runId,
    ])
    await sweep(api.pool, { after: runId - 1, limit: 1, ready: false, deep: false, maxRecoveries: 5 })
    await releaseLostCalls(api.pool, 100)
    const { attempts, cutOffCalls } = (await api.call('GET', `/v1/runs/${id}/tasks/a`)).json as TaskView
    expect(attempts.map(({ status }) => status)).toEqual(['lost'])
    expect(cutOffCalls).toMatchObject([
      { attempt: 1, charged: 'unknown', tokens: 0, costUsd: 0, unknownUsdAtMost: 0.5 },
    ])
  })

  it('loses to a finishing that was first, and wins over one that comes after', async () => {
    const plan = { tasks: [{ key: 'a', role: 'writer' }] }
    const finished = await api.submit({ plan })
    const first = await expand(api, finished)
    await settle(api, await claimTask(api, first, 0))
    await finish(api, first)
    expect((await api.call('POST', `/v1/runs/${finished}/cancel`)).status).toBe(409)
    const cancelled = await api.submit({ plan })
    const second = await expand(api, cancelled)
    await settle(api, await claimTask(api, second, 0))
    expect((await api.call('POST', `/v1/runs/${cancelled}/cancel`)).status).toBe(202)
    await expect(finish(api, second)).rejects.toThrow(/cannot be finished/)
    expect((await log(second)).at(-1)?.type).toBe('run.cancelled')
  })

  it('does so once for requests that come at once', async () => {
    const id = await api.submit({ plan: PLAN })
    const runId = await expand(api, id)
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.call('POST', `/v1/runs/${id}/cancel`)))
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 202))
    expect((await log(runId)).filter((event) => event.type === 'run.cancelled')).toHaveLength(1)
  })

  it('takes a settlement that races it, or not, but never half of it', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await api.submit({ plan: PLAN })
      const runId = await expand(api, id)
      const task = await claimTask(api, runId, 0)
      const [settled, answer] = await Promise.all([settle(api, task), api.call('POST', `/v1/runs/${id}/cancel`)])
      expect(answer.status).toBe(202)
      const events = await log(runId)
      expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1))
      expect(events.filter((event) => event.idx === 0 && event.type === 'task.completed')).toHaveLength(
        settled.tookEffect ? 1 : 0,
      )
      expect(events.at(-1)?.type).toBe('run.cancelled')
    }
  })

  it('stays quick with 10,000 tasks, though the statistics are of a few that have ended', async () => {
    const owner = createPool({
      url: api.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'owner',
      onError: () => {},
    })
    await owner.query("update flotilla.tasks set status = 'completed', worker = null, due = null")
    await owner.query('vacuum analyze flotilla.tasks')
    await owner.end()
    const tasks = Array.from({ length: 10_000 }, (_, i) => ({ key: `t${i}`, role: 'writer' }))
    const id = await api.submit({ plan: { tasks } })
    const runId = await expand(api, id)
    expect((await api.call('POST', `/v1/runs/${id}/cancel`)).status).toBe(202)
    const events = await log(runId)
    expect(events).toHaveLength(1 + 1 + 1 + 10_000 + 10_000 + 1)
    expect(events.at(-1)).toEqual({ seq: events.length, idx: null, type: 'run.cancelled' })
    expect((await api.call('DELETE', `/v1/runs/${id}`)).status).toBe(204)
  })
})
