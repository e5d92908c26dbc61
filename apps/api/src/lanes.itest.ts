import { pauseForKey } from '@flotilla/db'
import type { Lanes, Models, RunView, TaskSummaryView, TaskView } from '@flotilla/domain'
import {
  createMemoryGate,
  createModelRegistry,
  createNoopProvider,
  createPriceTable,
  DEFAULT_GATE,
} from '@flotilla/llm'
import { createRecordGate } from '@flotilla/engine'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { claimTask, expand, openApi, problemOf, settle, type Api } from './testing/api-fixture.ts'

const LANE = { provider: 'anthropic', model: 'org/claude', key: 'abcd1234' }
const ID = 'anthropic/org/claude/abcd1234'
const limits = { requests: 60 }
let api: Api
beforeAll(async () => {
  api = await openApi(({ models }) => ({ models: { ...models, limitsOf: () => ({ limits }) } }))
})
afterAll(() => api.close())

const lanes = async (): Promise<Lanes> => (await api.call('GET', '/v1/lanes')).json

describe('/v1/lanes', () => {
  it('shows nothing where nothing was called', async () => {
    expect(await lanes()).toEqual({ items: [], waiting: [], refusedKeys: [] })
  })

  it('shows a lane open, closed with the reason, and opening', async () => {
    let now = Date.now() - 3_600_000
    const gate = createRecordGate({ pool: api.pool, configOf: () => ({ limits }), now: () => now })
    await gate.decide(LANE, { kind: 'ask', workspace: '1', charge: { requests: 1 } })
    const [open] = (await lanes()).items
    expect(open).toMatchObject({ id: ID, model: 'anthropic:org/claude', state: 'open', closedUntil: null, pace: 1 })
    expect(open?.meters).toContainEqual({ name: 'requests', limit: 60, from: 'configured', used: 0 })

    now = Date.now()
    await gate.decide(LANE, { kind: 'ask', workspace: '1', charge: { requests: 1 } })
    await gate.decide(LANE, { kind: 'pause', forMs: 3_600_000, why: 'slow down', jitter: 0 })
    const [closed] = (await lanes()).items
    expect(closed).toMatchObject({ state: 'closed', why: 'slow down', pace: 0, strikes: 1 })
    expect(closed?.closedUntil).toBe(new Date(now + 3_600_000).toISOString())
    expect(closed?.meters).toContainEqual({ name: 'requests', limit: 60, from: 'configured', used: 1 })

    await api.pool.query(
      `update flotilla.model_lanes set state = jsonb_set(state, '{closedUntil}', to_jsonb(floor(extract(epoch from clock_timestamp()) * 1000)))`,
    )
    const [opening] = (await lanes()).items
    expect(opening?.closedUntil).toBeNull()
    // A machine that halts for ten seconds in between finds it open.
    expect(['opening', 'open']).toContain(opening?.state)
    expect(opening?.pace).toBeGreaterThanOrEqual(DEFAULT_GATE.reopenPace)
  })

  it('tells what waits, there and at the task, until it is claimed again', async () => {
    const id = await api.submit({ plan: { tasks: [{ key: 'a', role: 'writer' }] } })
    const runId = await expand(api, id)
    const until = Date.now() + 60_000
    const wait = { until, laneId: ID, times: 3 }
    const error = { code: 'model_rate_limited', message: 'waits: slow down' } as const
    await settle(api, await claimTask(api, runId, 0), 'release', { wait, error })
    const shown = { until: new Date(until).toISOString(), why: 'slow down', lane: ID, times: 3 }
    const task = async () => (await api.call('GET', `/v1/runs/${id}/tasks/a`)).json as TaskView
    expect((await task()).wait).toEqual(shown)
    const list = (await api.call('GET', `/v1/runs/${id}/tasks`)).json as { items: TaskSummaryView[] }
    expect(list.items[0]?.wait).toEqual(shown)
    const found = await lanes()
    expect(found.waiting).toEqual([{ lane: ID, why: 'slow down', tasks: 1, until: shown.until }])
    expect(found.items[0]?.waitingTasks).toBe(1)
    await claimTask(api, runId, 0)
    expect((await task()).wait).toBeUndefined()
    expect((await lanes()).waiting).toEqual([])
  })

  it('shows a lane whose circuit is open as such while tasks wait for it', async () => {
    const id = await api.submit({ plan: { tasks: [{ key: 'a', role: 'writer' }] } })
    const runId = await expand(api, id)
    const until = Date.now() + 600_000
    const error = { code: 'model_rate_limited', message: 'waits: its circuit is open' } as const
    const wait = { until, laneId: ID, times: 1, circuit: true } as const
    await settle(api, await claimTask(api, runId, 0), 'release', { wait, error })
    const { items, waiting } = await lanes()
    expect(items).toMatchObject([
      { state: 'circuit_open', closedUntil: new Date(until).toISOString(), why: 'its circuit is open' },
    ])
    expect(waiting).toEqual([{ lane: ID, why: 'its circuit is open', tasks: 1, until: new Date(until).toISOString() }])
    await api.call('POST', `/v1/runs/${id}/cancel`)
    expect((await lanes()).items).toMatchObject([{ state: expect.stringMatching(/^open/) }])
  })

  it('names the runs whose key was refused, and why', async () => {
    const id = await api.submit({ plan: { tasks: [{ key: 'a', role: 'writer' }] } })
    const runId = await expand(api, id)
    await pauseForKey(api.db, { runId, idx: 0 }, 'Anthropic refuses the key')
    expect((await lanes()).refusedKeys).toEqual([{ runId: id, why: 'Anthropic refuses the key' }])
    const run = (await api.call('GET', `/v1/runs/${id}`)).json as RunView
    expect(run.pause).toMatchObject({ by: 'model_key', reason: 'Anthropic refuses the key' })
    await api.call('POST', `/v1/runs/${id}/resume`)
    expect((await lanes()).refusedKeys).toEqual([])
  })
})

describe('/v1/lanes of a server with a key', () => {
  const setUp = (key: string, limitsOf: () => { limits?: { requests: number } }) =>
    openApi(({ models }) => ({
      models: {
        ...models,
        models: createModelRegistry({
          offline: createNoopProvider(),
          anthropic: { apiKey: key },
          model: 'anthropic:claude-sonnet-5-5',
          utilityModel: 'offline:default',
        }),
        limitsOf,
      },
    }))
  const lanesOf = async (server: Api): Promise<Lanes['items']> =>
    ((await server.call('GET', '/v1/lanes')).json as Lanes).items

  it('are those with a limit of its own before anything was called, with nothing used', async () => {
    const server = await setUp('key', () => ({ limits: { requests: 50 } }))
    onTestFinished(() => server.close())
    expect(await lanesOf(server)).toEqual([
      {
        id: expect.stringMatching(/^anthropic\/claude-sonnet-5-5\/[0-9a-f]{8}$/),
        model: 'anthropic:claude-sonnet-5-5',
        earlierKey: false,
        state: 'open',
        closedUntil: null,
        why: null,
        pace: 1,
        strikes: 0,
        meters: [{ name: 'requests', limit: 50, from: 'configured', used: 0 }],
        waitingTasks: 0,
      },
    ])
  })

  it('tell which are of an earlier key, and leave those out after a day', async () => {
    const server = await setUp('key', () => ({}))
    onTestFinished(() => server.close())
    let now = Date.now()
    const gate = createRecordGate({ pool: server.pool, now: () => now })
    const used = (key: string, model = 'claude-sonnet-5-5') =>
      gate.decide({ provider: 'anthropic', model, key }, { kind: 'ask', workspace: '1', charge: { requests: 1 } })
    const found = createModelRegistry({ offline: createNoopProvider(), anthropic: { apiKey: 'key' } }).resolve(
      'anthropic:claude-sonnet-5-5',
    )
    const key = found.ok ? found.value.lane.key : ''
    await used('1earlier')
    await used(key, 'claude-other')
    now -= 25 * 3_600_000
    await used('0earlier')
    await used(key)
    await used(key, 'claude-long-ago')
    const shown = (await lanesOf(server)).map((lane) => [lane.id.slice('anthropic/'.length), lane.earlierKey])
    expect(Object.fromEntries(shown)).toEqual({
      [`claude-other/${key}`]: false,
      'claude-sonnet-5-5/1earlier': true,
      [`claude-sonnet-5-5/${key}`]: false,
    })
  })
})

describe('/v1/models', () => {
  it('shows the models in use with their prices, their version and where they come from', async () => {
    const own = { 'compatible:mine': { input: 1, cachedInput: 0.1, cacheWrite: 1, output: 2 } }
    const priced = await openApi(({ models }) => ({
      models: {
        ...models,
        gate: createMemoryGate({ now: Date.now }),
        models: createModelRegistry({
          offline: createNoopProvider(),
          anthropic: { apiKey: 'key' },
          openai: { baseURL: 'http://127.0.0.1:1/v1' },
          model: 'anthropic:claude-sonnet-5-5',
          utilityModel: 'compatible:mine',
        }),
        fallbackModels: ['compatible:other'],
        prices: createPriceTable(own),
        unknownPrice: 'refuse',
      },
    }))
    await priced.call('POST', '/v1/agents', {
      json: { name: 'Second', role: 'writer', description: 'Writes', model: 'openai:gpt-6-luna' },
    })
    const unpriced = await priced.call('POST', '/v1/agents', {
      json: { name: 'Third', role: 'writer', description: 'Writes', model: 'compatible:other' },
    })
    expect(problemOf(unpriced)).toMatchObject({
      status: 422,
      errors: [
        { path: '/model', message: expect.stringMatching(/no price is known for compatible:other.*FLOTILLA_PRICES/) },
      ],
    })
    const { prices, items } = (await priced.call('GET', '/v1/models')).json as Models
    await priced.close()
    expect(prices).toEqual({
      version: expect.stringMatching(/^\d+ \(\d{4}-\d{2}-\d{2}\) \+ [0-9a-f]{8}$/),
      asOf: expect.any(String),
      ownEntries: ['compatible:mine'],
      unknownPrice: 'refuse',
    })
    expect(items.map(({ model, uses, priceFrom, available }) => [model, uses, priceFrom, available])).toEqual([
      ['anthropic:claude-sonnet-5-5', ['default'], 'built_in', true],
      ['compatible:mine', ['utility'], 'own', true],
      ['compatible:other', ['fallback'], 'unknown', true],
      ['openai:gpt-6-luna', ['agent'], 'built_in', false],
    ])
    expect(items[1]).toMatchObject({ price: own['compatible:mine'], priceEntry: 'compatible:mine', problem: null })
    expect(items[2]).toMatchObject({ price: null, priceNote: expect.stringContaining('FLOTILLA_PRICES') })
    expect(items[3]?.problem).toContain('OPENAI_API_KEY is not set')
  })
})
