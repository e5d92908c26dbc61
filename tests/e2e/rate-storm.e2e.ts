import type { AgentInput } from '@flotilla/domain'
import { describeOnEachBackend, startTestRedis, until, type TestServer } from '@flotilla/testing'
import { startModelServer, type ModelServer, type Rule } from '@flotilla/testing/model-server'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRecord } from './fixture/record.ts'
import { completions, untilEnded } from './fixture/run-record.ts'
import { useSystem, type System } from './fixture/system.ts'

const WORKERS = 2
const CONCURRENCY = 4
const SLOTS = WORKERS * CONCURRENCY
const TASKS = 3 * SLOTS
const END_MS = 110_000
/** Longer than any test may take. */
const FOR_EVER_SECONDS = 3_600
const PRICE = { input: 1, cachedInput: 1, cacheWrite: 1, output: 1 }

const tasks = (role: string) => Array.from({ length: TASKS }, (_, i) => ({ key: `t${i}`, role }))

const agentOf = (role: string, model: string): AgentInput => ({
  name: role,
  role,
  description: '',
  capabilities: [],
  model,
  systemPrompt: '',
  tools: [],
  maxTurns: 3,
  maxOutputTokens: 100,
  enabled: true,
})

/** As many calls as there are slots are held until all are there, so that none is on its way when the lane closes. */
function createStorm(retryAfter: number): Rule {
  const { promise: allThere, resolve } = Promise.withResolvers<void>()
  let arrived = 0
  return () => {
    arrived += 1
    if (arrived > SLOTS) return { text: 'done' }
    if (arrived === SLOTS) resolve()
    return { status: 429, retryAfter, when: allThere }
  }
}

describeOnEachBackend('a storm of refused calls', (backend) => {
  const [short, endless] = [createStorm(2), createStorm(FOR_EVER_SECONDS)]
  let models: ModelServer
  let redis: TestServer | undefined
  beforeAll(async () => {
    models = await startModelServer({
      rules: [(asked, nth) => (asked.model === 'brief' ? short : endless)(asked, nth)],
    })
    redis = backend === 'redis' ? await startTestRedis() : undefined
  })
  afterAll(async () => {
    await redis?.stop()
    await models.close()
  })
  const system = useSystem(() => ({
    backend,
    ...(redis && { redisUrl: redis.url }),
    env: {
      OPENAI_BASE_URL: `${models.url}/v1`,
      FLOTILLA_MODEL: 'compatible:brief',
      FLOTILLA_PRICES: JSON.stringify({ 'compatible:': PRICE }),
      FLOTILLA_WORKERS: String(WORKERS),
      FLOTILLA_CONCURRENCY: String(CONCURRENCY),
    },
  }))
  const callsOf = (model: string) => models.journal.entries.filter((entry) => entry.model === model)

  test('is one storm: nobody calls before the lane opens, and all tasks are done in their first try', async () => {
    const { client } = system()
    const { id } = await client.runs.create({ goal: 'A run in a storm', plan: { tasks: tasks('writer') } })
    await untilRefused(system(), id)
    const opensAt = await laneOpensAt(system(), 'brief')
    await loseQueue(redis)
    const { run, events } = await untilEnded(client, id, END_MS)

    expect(run).toMatchObject({ status: 'completed', progress: { completed: TASKS } })
    const [refused, after] = [callsOf('brief').slice(0, SLOTS), callsOf('brief').slice(SLOTS)]
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 429))
    expect(after.map(({ status }) => status)).toEqual(tasks('writer').map(() => 200))
    expect(after.filter(({ at }) => at < opensAt)).toEqual([])
    expect(Object.values(completions(events))).toEqual(tasks('writer').map(() => 1))
    expect(events.filter(({ type }) => type === 'task.retrying')).toEqual([])
    expect(await mostTries(system(), id)).toBe(1)
  })

  test('leaves the slots to others: another model is called while all its tasks wait', async () => {
    const { client } = system()
    await client.agents.create(agentOf('refused', 'compatible:endless'))
    await client.agents.create(agentOf('quick', 'noop:noop'))
    const { id } = await client.runs.create({ goal: 'A run that waits', plan: { tasks: tasks('refused') } })
    await untilAllWait(system(), id)
    await loseQueue(redis)
    const quick = await client.runs.create({ goal: 'A run beside it', plan: { tasks: tasks('quick') } })
    const { run } = await untilEnded(client, quick.id, END_MS)
    expect(run).toMatchObject({ status: 'completed', progress: { completed: TASKS } })

    expect(callsOf('endless').map(({ status }) => status)).toEqual(Array.from({ length: SLOTS }, () => 429))
    expect(await client.runs.get(id)).toMatchObject({ status: 'executing', progress: { completed: 0, failed: 0 } })
    expect(await mostTries(system(), id)).toBe(1)
    await client.runs.cancel(id)
    await untilEnded(client, id, END_MS)
  })
})

/** As many tasks as were called for have been handed back, with which the lane has closed. */
async function untilRefused(system: System, id: string): Promise<void> {
  const query = `
    select count(*)::int as refused from flotilla.attempts a join flotilla.runs r on r.id = a.run_id
    where r.uid = $1 and a.status = 'released' and a.error ->> 'message' like 'waits: %'`
  const refused = async (): Promise<boolean> => Number((await readRecord(system, query, [id]))[0]?.['refused']) >= SLOTS
  await until(refused, { what: `${SLOTS} attempts of ${id} were handed back`, timeoutMs: END_MS })
}

/** Every task has asked, the first of them at the provider and the others at the gate, and none holds a slot. */
async function untilAllWait(system: System, id: string): Promise<void> {
  const query = `
    select count(*)::int as waiting from flotilla.tasks t join flotilla.runs r on r.id = t.run_id
    where r.uid = $1 and t.status = 'ready' and t.wait is not null`
  const waiting = async (): Promise<boolean> => (await readRecord(system, query, [id]))[0]?.['waiting'] === TASKS
  await until(waiting, { what: `all ${TASKS} tasks of ${id} wait`, timeoutMs: END_MS })
}

/** Milliseconds since the epoch. */
async function laneOpensAt(system: System, model: string): Promise<number> {
  const rows = await readRecord<{ id: string; opens: number }>(
    system,
    `select id, (state ->> 'closedUntil')::float8 as opens from flotilla.model_lanes where id like '%' || $1 || '%'`,
    [model],
  )
  expect(rows).toHaveLength(1)
  return rows[0]?.opens ?? Number.NaN
}

async function mostTries(system: System, id: string): Promise<number> {
  const rows = await readRecord<{ tries: number }>(
    system,
    'select max(t.tries)::int as tries from flotilla.tasks t join flotilla.runs r on r.id = t.run_id where r.uid = $1',
    [id],
  )
  return rows[0]?.tries ?? Number.NaN
}

/** The lanes are in the record: an emptied Redis knows less of the queue, and no less of them. */
async function loseQueue(server: TestServer | undefined): Promise<void> {
  if (server === undefined) return
  const redis = new Redis(server.url)
  try {
    await redis.flushall()
  } finally {
    redis.disconnect()
  }
}
