import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunEvent } from '@flotilla/domain'
import { describeOnEachBackend, describeOnRedis, startTestRedis, until, type TestServer } from '@flotilla/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdCalls, type HeldCalls } from './fixture/held-calls.ts'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import { randomDag } from './fixture/random-dag.ts'
import { completions, untilEnded, untilEvent } from './fixture/run-record.ts'
import { useSystem, type System } from './fixture/system.ts'

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

/** A run of 20 tasks, a few of whose calls wait. */
async function startHeldRun({ client }: System, goal: string): Promise<{ id: string; held: HeldCalls }> {
  const held = holdCalls()
  let calls = 0
  models.script(goal, (call) => (calls++ % 5 === 4 ? held.hold(call, { say: 'done' }) : { say: 'done' }))
  const { id } = await client.runs.create({ goal, plan: { tasks: randomDag(20, 3) } })
  await held.untilHeld()
  return { id, held }
}

async function expectCompletedOnce({ client }: System, id: string): Promise<readonly RunEvent[]> {
  const { run, events } = await untilEnded(client, id)
  expect(run).toMatchObject({ status: 'completed', progress: { total: 20, completed: 20 } })
  expect(Object.values(completions(events))).toEqual(Array.from({ length: 20 }, () => 1))
  return events
}

describeOnEachBackend('in the middle of a run', (backend) => {
  const system = useSystem(() => ({ backend, env: { ...models.env('chat'), FLOTILLA_SWEEP_SECONDS: '0.2' } }))

  test('the API is killed: whoever follows goes on where it was', async () => {
    const { client } = system()
    const goal = `The API dies on ${backend}`
    const { id, held } = await startHeldRun(system(), goal)
    const drops: unknown[] = []
    const seen: RunEvent[] = []
    const following = (async () => {
      for await (const event of client.runs.follow(id, { onDrop: (error) => drops.push(error) })) seen.push(event)
    })()
    await until(() => seen.length >= 5, { what: 'the follower has heard of something' })
    const killed = await system().kill('api')
    await system().untilBack('api', killed)
    held.stopHolding()
    await following
    expect(seen).toEqual(await expectCompletedOnce(system(), id))
    expect(drops.length).toBeGreaterThan(0)
  })

  test('it is cancelled: the model call that hangs is hung up, and no other is made', async () => {
    const { client } = system()
    const goal = `Cancelled on ${backend}`
    const held = holdCalls()
    models.script(goal, (call) => held.hold(call, { say: 'too late' }))
    const tasks = [
      { key: 'a', role: 'writer' },
      { key: 'b', role: 'analyst' },
      { key: 'c', role: 'writer', dependsOn: ['a', 'b'] },
    ]
    const { id } = await client.runs.create({ goal, plan: { tasks } })
    const hanging = await held.untilHeld(2)
    const cancelledAt = Date.now()
    expect((await client.runs.cancel(id)).status).toBe('cancelled')
    await until(() => hanging.every(({ hungUpAt }) => hungUpAt !== null), { what: 'both calls are hung up' })
    for (const { hungUpAt } of hanging) expect((hungUpAt ?? 0) - cancelledAt).toBeLessThan(2_000)
    const { run, events } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'cancelled', result: null, progress: { completed: 0 } })
    expect(events.filter(({ type }) => type === 'task.cancelled').map(({ taskKey }) => taskKey)).toEqual([
      'a',
      'b',
      'c',
    ])
    // A run of the same roles that comes after it has passed through everything that could have called again.
    models.script(`${goal}, afterwards`, () => ({ say: 'done' }))
    const next = await client.runs.create({ goal: `${goal}, afterwards`, plan: { tasks } })
    expect((await untilEnded(client, next.id)).run.status).toBe('completed')
    expect(models.calls(goal)).toHaveLength(2)
    expect((await client.runs.events(id)).items).toEqual(events)
    expect((await client.runs.cancel(id)).status).toBe('cancelled')
  })
})

describeOnRedis('the queue', () => {
  describe.each([0, 200])('with trees up to %i tasks', (treeMax) => {
    let redis: TestServer
    beforeAll(async () => {
      redis = await startTestRedis()
    })
    afterAll(() => redis.stop())
    const system = useSystem(() => ({
      backend: 'redis',
      redisUrl: redis.url,
      env: { ...models.env('chat'), FLOTILLA_SWEEP_SECONDS: '0.2', FLOTILLA_TREE_MAX: String(treeMax) },
    }))

    test('is wiped: the run is completed all the same', async () => {
      const { id, held } = await startHeldRun(system(), `Wiped with ${treeMax}`)
      const client = new Redis(redis.url)
      await client.flushall()
      await client.quit()
      held.stopHolding()
      await expectCompletedOnce(system(), id)
    })

    test('is gone for a while, and comes back empty', async () => {
      const { client } = system()
      const { id, held } = await startHeldRun(system(), `Gone with ${treeMax}`)
      await redis.stop()
      await until(async () => !(await client.ready()).ready, { what: 'the API says that the queue is down' })
      expect((await client.ready()).dependencies['queue']).toMatchObject({ status: 'down' })
      // What is given meanwhile is recorded, and done once the queue is there again.
      const meanwhile = await client.runs.create({
        goal: 'Given meanwhile',
        plan: { tasks: [{ key: 'a', role: 'writer' }] },
      })
      models.script('Given meanwhile', () => ({ say: 'done' }))
      held.stopHolding()
      redis = await startTestRedis({ port: redis.port })
      await expectCompletedOnce(system(), id)
      expect((await untilEnded(client, meanwhile.id)).run.status).toBe('completed')
      await until(async () => (await client.ready()).ready, { what: 'the API says that the queue is there again' })
    })
  })
})

describe('with everything on one machine', () => {
  const system = useSystem(() => ({
    backend: 'embedded',
    env: { ...models.env('chat'), FLOTILLA_SWEEP_SECONDS: '0.2' },
  }))

  test('the database is killed: it is started again, and the run completed', async () => {
    const { client, dataDir } = system()
    const { id, held } = await startHeldRun(system(), 'The database dies')
    const [postmaster] = (await readFile(path.join(dataDir, 'pg', 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(postmaster), 'SIGKILL')
    await until(() => system().up.stderr().includes('PostgreSQL was started again'), {
      what: 'the database is started again',
      timeoutMs: 30_000,
    })
    await until(async () => (await client.ready()).ready, { what: 'the API is ready again', timeoutMs: 30_000 })
    held.stopHolding()
    await expectCompletedOnce(system(), id)
  })

  test('every worker and the API are killed at once', async () => {
    const { client } = system()
    const { id, held } = await startHeldRun(system(), 'All die at once')
    const killed = await Promise.all(['api', 'worker-1'].map((name) => system().kill(name)))
    held.stopHolding()
    await Promise.all(['api', 'worker-1'].map((name, i) => system().untilBack(name, killed[i] ?? { pid: 0, at: 0 })))
    await untilEvent(client, id, ({ type }) => type === 'task.recovered')
    await expectCompletedOnce(system(), id)
  })
})
