import { pauseForBudget, reserveCalls, settleCalls } from '@flotilla/db'
import type { CreateRunInput, RunCost, RunView } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimTask, expand, openApi, problemOf, type Api } from './testing/api-fixture.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const plan = { tasks: [{ key: 'a', role: 'writer', instructions: 'Write' }] }
const running = async (budget: NonNullable<CreateRunInput['budget']>): Promise<{ id: string; runId: number }> => {
  const id = await api.submit({ plan, budget })
  const runId = await expand(api, id)
  return { id, runId }
}
const held = { tokens: 10, costUsd: 0.4, toolCalls: 0, seconds: 1 }
const reserve = async (runId: number, key = 'one'): Promise<void> => {
  const { fence } = await claimTask(api, runId, 0)
  const ask = { kind: 'model', name: 'anthropic:claude', purpose: 'task', most: held } as const
  await reserveCalls(api.pool, [{ runId, key, idx: 0, fence, ...ask }])
}

describe('PATCH /v1/runs/{id}', () => {
  it('changes limits, priority and labels; what is left out stays, and null takes a limit away', async () => {
    const { id } = await running({ costUsd: 1, tokens: 5_000, onExceeded: 'pause' })
    const answer = await api.call('PATCH', `/v1/runs/${id}`, {
      json: { budget: { costUsd: 2.5, tokens: null, seconds: 600 }, priority: 9, labels: { team: 'a' } },
    })
    expect(answer.status).toBe(200)
    expect(answer.json as RunView).toMatchObject({
      priority: 9,
      labels: { team: 'a' },
      budget: { limits: { costUsd: 2.5, seconds: 600, onExceeded: 'pause' } },
    })
    expect((answer.json as RunView).budget.limits).not.toHaveProperty('tokens')
    const { rows } = await api.pool.query<{ left: number }>(
      'select extract(epoch from deadline - started_at)::float8 as left from flotilla.runs where uid = $1',
      [id],
    )
    expect(rows[0]?.left).toBe(600)
  })

  it.each([{ costUsd: 0.3 }, { costUsd: 0.0001 }, { costUsd: 0 }])(
    'takes %j, below what is spent and held, and says what is under way',
    async (budget) => {
      const { id, runId } = await running({ costUsd: 1 })
      await reserve(runId)
      const answer = await api.call('PATCH', `/v1/runs/${id}`, { json: { budget } })
      expect(answer).toMatchObject({
        status: 200,
        json: {
          status: 'executing',
          budget: {
            limits: budget,
            reserved: { costUsd: 0.4 },
            notice: expect.stringMatching(
              /^the limit of \$.* is below what is spent \(\$0\) and held \(\$0\.40\): nothing more begins; 1 call under way may still use \$0\.40$/,
            ),
          },
        },
      })
    },
  )

  it('takes 0 before anything was spent', async () => {
    const { id } = await running({ costUsd: 1 })
    const answer = await api.call('PATCH', `/v1/runs/${id}`, { json: { budget: { costUsd: 0 } } })
    expect(answer).toMatchObject({ status: 200, json: { budget: { limits: { costUsd: 0 } } } })
  })

  it('takes a limit that leaves less than a call of the run takes, and says so', async () => {
    const { id, runId } = await running({ tokens: 500_000 })
    await api.pool.query('update flotilla.runs set input_tokens = 28926, model_calls = 6 where id = $1', [runId])
    const patch = (tokens: number) => api.call('PATCH', `/v1/runs/${id}`, { json: { budget: { tokens } } })
    expect(await patch(30_000)).toMatchObject({
      status: 200,
      json: {
        budget: {
          limits: { tokens: 30_000 },
          notice:
            'of the limit of 30,000 tokens are 1,074 tokens left, and a model call of this run has used 4,821 tokens on average: the next one may not fit',
        },
      },
    })
    expect(((await patch(90_000)).json as RunView).budget).not.toHaveProperty('notice')
  })

  it('refuses a limit below the smallest call, as a new run would, and changes nothing', async () => {
    const { id } = await running({ tokens: 5_000 })
    const answer = await api.call('PATCH', `/v1/runs/${id}`, { json: { budget: { tokens: 1 }, priority: 1 } })
    expect(answer.status).toBe(422)
    expect(problemOf(answer).errors).toEqual([
      { path: '/budget/tokens', message: expect.stringMatching(/which may need 5\d\d tokens/) },
    ])
    const view = (await api.call('GET', `/v1/runs/${id}`)).json as RunView
    expect(view).toMatchObject({ priority: 5, budget: { limits: { tokens: 5_000 } } })
  })

  it.each([
    { budget: [] },
    { budget: { costUsd: -1 } },
    { budget: { costUsd: 1e10 } },
    { budget: { tokens: 0 } },
    { budget: { tokens: 1.5 } },
    { budget: { seconds: 1e12 } },
    { goal: 'another' },
    { priority: 10 },
  ])('refuses %j', async (json) => {
    const { id } = await running({})
    expect((await api.call('PATCH', `/v1/runs/${id}`, { json })).status).toBe(422)
  })

  it('lets a run go on that its budget has paused, and no other', async () => {
    const { id } = await running({ costUsd: 1 })
    await api.call('POST', `/v1/runs/${id}/pause`)
    expect((await api.call('PATCH', `/v1/runs/${id}`, { json: { budget: { costUsd: 2 } } })).json).toMatchObject({
      status: 'paused',
    })
    await api.pool.query(
      `update flotilla.events set data = '{"by": "budget"}' where type = 'run.paused'
         and run_id = (select id from flotilla.runs where uid = $1)`,
      [id],
    )
    expect((await api.call('PATCH', `/v1/runs/${id}`, { json: { budget: { costUsd: 3 } } })).json).toMatchObject({
      status: 'executing',
    })
  })

  it('a run that its budget has paused tells which limit was too small, and the least that it has to be', async () => {
    const { id, runId } = await running({ costUsd: 1, onExceeded: 'pause' })
    await reserve(runId)
    const stop = { level: 'run', dimension: 'costUsd', limit: 1, reserved: 0.1, settled: 0.7, asked: 1.05 } as const
    await pauseForBudget(api.db, { runId, idx: null }, { reason: 'it is full', policy: 'pause', budget: { ...stop } })
    const { pause } = (await api.call('GET', `/v1/runs/${id}`)).json as RunView
    expect(pause).toMatchObject({ by: 'budget', level: 'run', needs: { dimension: 'costUsd', least: 1.45 } })
  })

  it('answers 409 for a run that has ended, 404 for none', async () => {
    const { id } = await running({})
    await api.call('POST', `/v1/runs/${id}/cancel`)
    const ended = await api.call('PATCH', `/v1/runs/${id}`, { json: { priority: 1 } })
    expect(ended.status).toBe(409)
    expect(problemOf(ended).detail).toMatch(/^cannot change a run that is cancelled: .* create another run/)
    const none = 'run_00000000000000000000000000'
    expect((await api.call('PATCH', `/v1/runs/${none}`, { json: { priority: 1 } })).status).toBe(404)
  })
})

it('a budget that the smallest call does not fit is refused, with what that may need', async () => {
  const answer = await api.call('POST', '/v1/runs', {
    json: { goal: 'Say it', budget: { tokens: 50 }, plan: { tasks: [{ ...plan.tasks[0], budget: { tokens: 60 } }] } },
  })
  expect(answer.status).toBe(422)
  expect(problemOf(answer)).toMatchObject({
    code: 'invalid_input',
    errors: [
      { path: '/budget/tokens', message: expect.stringMatching(/which may need 5\d\d tokens/) },
      { path: '/plan/tasks/0/budget/tokens' },
    ],
  })
})

it('a budget that cannot pay for the planning of a goal is refused, and one that can is not', async () => {
  const submit = (budget: NonNullable<CreateRunInput['budget']>) =>
    api.call('POST', '/v1/runs', { json: { goal: 'Say it', budget } })
  const refused = await submit({ tokens: 700 })
  expect(refused.status).toBe(422)
  expect(problemOf(refused).errors).toEqual([
    {
      path: '/budget/tokens',
      message: expect.stringMatching(/^a budget of 700 tokens .* which may need 2,9\d\d tokens/),
    },
  ])
  expect((await submit({ tokens: 3_000 })).status).toBe(202)
  // Only `degrade` has a planner answer in less than it asks for, and only a pause can be mended.
  expect((await submit({ tokens: 3_000, onExceeded: 'fail' })).status).toBe(422)
  expect((await submit({ tokens: 3_000, onExceeded: 'pause' })).status).toBe(202)
})

describe('GET /v1/runs/{id}/cost', () => {
  it('splits what was paid by kind, each call once', async () => {
    const { id, runId } = await running({ costUsd: 1 })
    await reserve(runId)
    const usage = {
      inputTokens: 100,
      cachedInputTokens: 40,
      cacheWriteTokens: 0,
      outputTokens: 20,
      reasoningTokens: 5,
    }
    const parts = {
      inputUsd: 0.06,
      cachedInputUsd: 0.004,
      cacheWriteUsd: 0,
      outputUsd: 0.15,
      reasoningUsd: 0.05,
      totalUsd: 0.264,
    }
    const used = { tokens: 120, costUsd: 0.264, toolCalls: 0, seconds: 1, usage, parts, estimated: true } as const
    await settleCalls(api.pool, [{ runId, key: 'one', used }])
    const cost = (await api.call('GET', `/v1/runs/${id}/cost`)).json as RunCost
    const split = {
      calls: 1,
      estimatedCalls: 1,
      tokens: usage,
      cost: parts,
      estimatedUsd: 0.264,
      unknownCalls: 1,
      unknownUsdAtMost: 0.136,
    }
    expect(cost).toEqual({
      total: split,
      byTask: [{ taskKey: 'a', ...split }],
      byAgent: [{ agent: expect.any(String), ...split }],
      byModel: [{ model: 'anthropic:claude', ...split }],
      byPurpose: [{ purpose: 'task', ...split }],
      estimate: null,
    })
    expect((await api.call('GET', `/v1/runs/run_00000000000000000000000000/cost`)).status).toBe(404)
  })
})
