import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PRICE, startModelServer, type ModelServer } from './fixture/model-server.ts'
import { untilEnded } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'
import { TOKENS } from './wire/protocol.ts'

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const CALL_USD = (TOKENS.input * PRICE.input + TOKENS.output * PRICE.output) / 1_000_000
const tasks = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ key: `t${i}`, role: 'writer', instructions: `Do part ${i}` }))

describe('a key that the provider refuses', () => {
  const system = useSystem(() => ({ backend: 'postgres', env: models.env('chat') }))

  test('pauses its run with the reason, after one call', async () => {
    const goal = 'A run with no such key'
    models.script(goal, () => ({ status: 401 }))
    const { client } = system()
    const { id } = await client.runs.create({ goal, plan: { tasks: tasks(1) } })
    await until(async () => (await client.runs.get(id)).status === 'paused', { what: 'the run is paused' })
    const { items } = await client.runs.events(id)
    expect(items.find(({ type }) => type === 'run.paused')?.data).toMatchObject({
      by: 'model_key',
      reason: expect.stringContaining('401'),
    })
    expect(models.calls(goal)).toHaveLength(1)
  })
})

describeOnEachBackend('a budget', (backend) => {
  const system = useSystem(() => ({ backend, env: models.env('chat') }))

  test('that has room for two calls at a time lets a dozen tasks through, two at a time', async () => {
    const goal = `Twelve parts on a small budget, ${backend}`
    models.script(goal, () => ({ say: 'done' }))
    const { id } = await system().client.runs.create({
      goal,
      plan: { tasks: tasks(12) },
      budget: { costUsd: 0.1, onExceeded: 'fail' },
    })
    const { run } = await untilEnded(system().client, id)
    expect(run).toMatchObject({
      status: 'completed',
      progress: { completed: 12 },
      budget: { reserved: { costUsd: 0 } },
    })
    expect(models.calls(goal)).toHaveLength(12)
    const cost = await system().client.runs.cost(id)
    expect(cost).toMatchObject({ total: { calls: 12, unknownCalls: 0 } })
    expect(cost.total.cost.totalUsd).toBeCloseTo(12 * CALL_USD, 9)
    expect(run.budget.spent.costUsd).toBeCloseTo(12 * CALL_USD, 9)
  })

  test('that is too small pauses the run, which a larger one lets go on', async () => {
    const goal = `A run that is topped up, ${backend}`
    models.script(goal, () => ({ say: 'done' }))
    const { client } = system()
    const budget = { costUsd: 0.01, onExceeded: 'pause' as const }
    const { id } = await client.runs.create({ goal, plan: { tasks: tasks(1) }, budget })
    await until(async () => (await client.runs.get(id)).status === 'paused', { what: 'the run is paused' })
    expect(models.calls(goal)).toHaveLength(0)
    const { items } = await client.runs.events(id)
    expect(items.find(({ type }) => type === 'budget.exceeded')?.data).toMatchObject({
      policy: 'pause',
      budget: { level: 'run', dimension: 'costUsd', limit: 0.01, settled: 0, reserved: 0 },
    })
    await client.runs.patch(id, { budget: { costUsd: 1 } })
    const { run } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'completed', budget: { limits: { costUsd: 1, onExceeded: 'pause' } } })
    expect(models.calls(goal)).toHaveLength(1)
  })
})
