import { ProblemError, ServerUnreachableError, type Client } from '@flotilla/client'
import type { Lanes, LaneView, Models, WorkspaceBudget } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { checkServer } from './server.ts'

const NO_LANES: Lanes = { items: [], waiting: [], refusedKeys: [] }
const NO_MODELS: Models = {
  prices: { version: '1 (2026-11-05)', asOf: '2026-11-05', ownEntries: [], unknownPrice: 'refuse' },
  items: [],
}

const NOTHING = { tokens: 0, costUsd: 0, toolCalls: 0, seconds: 0 }
const NO_LIMITS: WorkspaceBudget = {
  month: '2026-11',
  resetsAt: '2026-12-01T00:00:00.000Z',
  limits: {},
  reserved: NOTHING,
  spent: NOTHING,
  whenReached: 'each run decides',
}

/** A server that is ready and answers these. */
const serverWith = (lanes: Lanes, models: Models = NO_MODELS, month: WorkspaceBudget = NO_LIMITS): Client =>
  ({
    url: 'http://server',
    ready: async () => ({ ready: true, dependencies: {} }),
    lanes: async () => lanes,
    models: async () => models,
    budget: { get: async () => month },
    fleet: () => Promise.reject(new Error('it does not tell of its fleet')),
  }) as unknown as Client

const KEY =
  'anthropic:claude answered 401 (no): set ANTHROPIC_API_KEY to a valid key of an account that may use this model'
const lane = {
  model: 'a:b',
  earlierKey: false,
  pace: 0,
  strikes: 1,
  meters: [],
  state: 'closed' as const,
  closedUntil: '2026-11-21T10:00:30.000Z',
} satisfies Partial<LaneView>

test('a server with open lanes and known prices is well', async () => {
  const open: LaneView = { ...lane, id: 'a/b/k', state: 'open', closedUntil: null, why: null, waitingTasks: 0 }
  const checks = await checkServer(serverWith({ ...NO_LANES, items: [open] }))
  expect(checks.map(({ name, status }) => [name, status])).toEqual([
    ['Server', 'ok'],
    ['Prices', 'ok'],
    ['Lanes', 'ok'],
  ])
})

test('a refused key is told with its runs, and what to do', async () => {
  const refusedKeys = [1, 2, 3, 4].map((n) => ({ runId: `run_${n}`, why: KEY }))
  const items = [{ ...lane, id: 'a/b/k', why: KEY, waitingTasks: 0 }]
  const [, , key, closed] = await checkServer(serverWith({ ...NO_LANES, items, refusedKeys }))
  expect(key).toMatchObject({ name: 'Key', status: 'fail', detail: expect.stringContaining('4 runs are paused') })
  expect(key?.mend).toContain('`flotilla runs resume` run_1, run_2, run_3 and 1 more')
  expect(closed).toMatchObject({ status: 'warn', mend: expect.stringContaining('correct ANTHROPIC_API_KEY') })
})

test('a key that was replaced since is told of its runs alone: only their resume is left', async () => {
  const refusedKeys = [{ runId: 'run_1', why: KEY }]
  const earlier = { ...lane, id: 'a/b/old', why: KEY, waitingTasks: 0, earlierKey: true }
  const current = { ...lane, id: 'a/b/new', why: null, waitingTasks: 0, state: 'open' as const, closedUntil: null }
  const replaced = await checkServer(serverWith({ ...NO_LANES, items: [earlier, current], refusedKeys }))
  expect(replaced.slice(2)).toMatchObject([{ name: 'Key', status: 'warn', mend: '`flotilla runs resume` run_1' }])
  const again = await checkServer(serverWith({ ...NO_LANES, items: [earlier, { ...current, why: KEY }], refusedKeys }))
  expect(again[2]).toMatchObject({ status: 'fail', mend: expect.stringContaining('correct ANTHROPIC_API_KEY and') })
})

test('a quota that is used up is not told as a wrong key', async () => {
  const why = 'compatible:big answered 429 (no): the account of OPENAI_API_KEY has no quota left: add credit to it'
  const items = [{ ...lane, id: 'a/b/k', why, waitingTasks: 0 }]
  const refusedKeys = [{ runId: 'run_1', why }]
  const [, , key, closed] = await checkServer(serverWith({ ...NO_LANES, items, refusedKeys }))
  expect(key).toMatchObject({
    detail: expect.stringMatching(/^the quota of a key is used up, and 1 run is paused/),
    mend: 'add credit to the account of OPENAI_API_KEY, then `flotilla runs resume` run_1',
  })
  expect(closed?.mend).toMatch(/^add credit to the account of OPENAI_API_KEY; it opens/)
})

test('a closed lane is told with its reason, its end and what waits', async () => {
  const items = [{ ...lane, id: 'a/b/k', why: 'slow down', waitingTasks: 1 }]
  const closed = (await checkServer(serverWith({ ...NO_LANES, items }))).at(-1)
  expect(closed?.detail).toBe('a/b/k is closed until 2026-11-21 10:00:30 UTC: slow down; 1 task waits')
  expect(closed?.mend).toContain('it opens by itself')
})

test('models without a price, and ones that cannot be called, are told', async () => {
  const model = { uses: ['agent' as const], available: true, simulated: false, price: null, priceEntry: null }
  const items: Models['items'] = [
    { ...model, model: 'c:d', problem: null, priceFrom: 'unknown', priceNote: 'no price is known for c:d' },
    { ...model, model: 'e:f', problem: null, priceFrom: 'most_expensive', priceNote: 'counts as the dearest' },
    { ...model, model: 'g:h', problem: 'KEY is not set', priceFrom: 'free', priceNote: null },
  ]
  const checks = await checkServer(serverWith(NO_LANES, { ...NO_MODELS, items }))
  expect(checks.slice(1).map(({ name, status, detail }) => [name, status, detail])).toEqual([
    ['Prices', 'fail', 'no price is known for c:d'],
    ['Prices', 'warn', 'counts as the dearest'],
    ['Models', 'warn', 'KEY is not set (agent)'],
  ])
})

test('prices and limits that no model in use matches are told', async () => {
  const model = { uses: ['default' as const], available: true, simulated: false, price: null, problem: null }
  const items: Models['items'] = [
    { ...model, model: 'compatible:big', priceFrom: 'own', priceEntry: 'compatible:big', priceNote: null },
  ]
  const prices = { ...NO_MODELS.prices, ownEntries: ['compatible:big', 'compatible:bgi'] }
  const limits = JSON.stringify({ 'compatible:': { requests: 5 }, 'compatible:smal': { requests: 1 } })
  const told = (await checkServer(serverWith(NO_LANES, { prices, items }), limits)).filter(
    ({ name }) => name === 'Entries',
  )
  expect(told.map(({ status, detail }) => [status, detail])).toEqual([
    ['warn', 'FLOTILLA_PRICES has compatible:bgi: no model in use matches'],
    ['warn', 'FLOTILLA_RATE_LIMITS has compatible:smal: no model in use matches'],
  ])
  expect(told[0]?.mend).toContain('in use are compatible:big')
  const unread = await checkServer(serverWith(NO_LANES, { prices: NO_MODELS.prices, items }), '{')
  expect(unread.map(({ name }) => name)).toEqual(['Server', 'Prices'])
})

test('a server of an earlier version is asked no more, and one that is away is none', async () => {
  const none = async (): Promise<never> => {
    throw new ProblemError({ type: '', title: '', status: 404, detail: 'none', code: 'not_found' })
  }
  expect(await checkServer({ ...serverWith(NO_LANES), lanes: none, models: none })).toHaveLength(1)
  const away = async (): Promise<never> => {
    throw new ServerUnreachableError('http://server', 'nothing listens there')
  }
  expect(await checkServer({ ...serverWith(NO_LANES), ready: away })).toMatchObject([
    { name: 'Server', status: 'warn' },
  ])
})

test('a month of which little is left is told, with what to do', async () => {
  const month = (costUsd: number) => ({ ...NO_LIMITS, limits: { costUsd: 5 }, spent: { ...NOTHING, costUsd } })
  const of = async (costUsd: number) => (await checkServer(serverWith(NO_LANES, NO_MODELS, month(costUsd)))).at(-1)
  expect(await of(1)).toMatchObject({ name: 'Month', status: 'ok' })
  expect(await of(4.99)).toEqual({
    name: 'Month',
    status: 'warn',
    detail: "99 % of the month's $5.00 are spent or held: $0.01 left",
    mend: 'raise it with `flotilla budget set`, or wait for 2026-12-01 00:00:00 UTC',
  })
})
