import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunEvent } from '@flotilla/domain'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { holdCalls } from './fixture/held-calls.ts'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import { stillRunning } from './fixture/process-table.ts'
import { readRecord } from './fixture/record.ts'
import { untilEnded, untilEvent } from './fixture/run-record.ts'
import { useSystem } from './fixture/system.ts'

const TURNS = 12
const LAST_OF_FIRST = 5
/** Of it the last second is for handing back. */
const WORKER_DRAIN_MS = 5_000
const NEXT_WITHIN_MS = 1_000

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const workerOf = (event: RunEvent): string => (event.data['worker'] as string).replace(/@.*/, '')

/** Recovery by lease or sweep would take far longer than what is asserted: only the handing over can be so quick. */
describeOnEachBackend('a worker that is asked to stop', (backend) => {
  const system = useSystem(() => ({
    backend,
    env: {
      ...models.env('chat'),
      FLOTILLA_WORKERS: '2',
      FLOTILLA_DRAIN_SECONDS: String(WORKER_DRAIN_MS / 1_000),
      FLOTILLA_SWEEP_SECONDS: '30',
    },
  }))

  beforeEach(async () => {
    for (const name of ['worker-1', 'worker-2']) await system().pidOf(name)
  })

  /** A conversation of twelve turns, and the worker that is in the middle of its fifth. */
  async function inTheMiddle(goal: string) {
    const held = holdCalls()
    let holding = true
    models.script(goal, (call) => {
      const reply =
        call.turn < TURNS
          ? { call: [{ tool: 'write_artifact', arguments: { name: `${call.turn}.md`, content: 'kept' } }] }
          : { say: 'all written' }
      if (call.turn !== LAST_OF_FIRST || !holding) return reply
      holding = false
      return held.hold(call, reply)
    })
    const { id } = await system().client.runs.create({ goal, plan: { tasks: [{ key: 'a', role: 'writer' }] } })
    const started = await untilEvent(system().client, id, ({ type }) => type === 'task.started')
    await held.untilHeld()
    const name = workerOf(started)
    return { id, held, name, pid: await system().pidOf(name) }
  }

  const logOf = (name: string): Promise<string> => readFile(path.join(system().dataDir, 'logs', `${name}.log`), 'utf8')

  async function untilGone(pid: number): Promise<number> {
    await until(async () => (await stillRunning([pid])).length === 0, {
      what: 'the worker has ended',
      timeoutMs: 2 * WORKER_DRAIN_MS,
    })
    return Date.now()
  }

  /** Its log of this process ends with what was closed and what was not. */
  async function expectCleanEnd(name: string, pid: number): Promise<void> {
    const lines = (await logOf(name)).split('\n').filter((line) => line.includes(`"pid":${pid},`))
    expect(JSON.parse(lines.at(-1) ?? '{}')).toMatchObject({ msg: 'shut down', failed: [], timedOut: [] })
  }

  async function expectHandedOver(id: string): Promise<void> {
    const { client } = system()
    const { run } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'completed', result: { text: 'all written' } })
    const { attempts, turns } = await client.tasks.get(id, 'a')
    expect(attempts.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'first released',
      'continuation succeeded',
    ])
    expect(turns.map(({ turn }) => turn)).toEqual(Array.from({ length: TURNS }, (_, i) => i + 1))
    const query = `
      select t.tries, t.continuations, extract(epoch from b.started_at - a.finished_at)::float8 * 1000 as gap
      from flotilla.tasks t join flotilla.runs r on r.id = t.run_id
        join flotilla.attempts a on a.run_id = t.run_id and a.idx = t.idx and a.number = 1
        join flotilla.attempts b on b.run_id = t.run_id and b.idx = t.idx and b.number = 2
      where r.uid = $1`
    const [row] = await readRecord(system(), query, [id])
    expect(row).toMatchObject({ tries: 1, continuations: 1 })
    expect((row as { gap: number }).gap).toBeLessThan(NEXT_WITHIN_MS)
  }

  const turnsAsked = (goal: string): number[] => models.calls(goal).map(({ turn }) => turn)

  test('lets its turn end and is recorded; another goes on with the next turn', async () => {
    const goal = `Asked to stop between turns on ${backend}`
    const { id, held, name, pid } = await inTheMiddle(goal)
    process.kill(pid, 'SIGTERM')
    await until(async () => (await logOf(name)).includes('shutting down'), { what: 'the worker drains' })
    held.release()
    await untilGone(pid)
    await expectHandedOver(id)
    expect(turnsAsked(goal)).toEqual(Array.from({ length: TURNS }, (_, i) => i + 1))
    await expectCleanEnd(name, pid)
  })

  test('gives up a call that does not end, within its time; that call alone is made again', async () => {
    const goal = `Asked to stop in a long call on ${backend}`
    const { id, held, name, pid } = await inTheMiddle(goal)
    const askedAt = Date.now()
    process.kill(pid, 'SIGTERM')
    const goneAt = await untilGone(pid)
    expect(goneAt - askedAt).toBeLessThan(WORKER_DRAIN_MS)
    expect(goneAt - askedAt).toBeGreaterThan(WORKER_DRAIN_MS - 1_100)
    await expectHandedOver(id)
    held.release()
    const twice = turnsAsked(goal).filter((turn, i, all) => all.indexOf(turn) !== i)
    expect(twice).toEqual([LAST_OF_FIRST])
    await expectCleanEnd(name, pid)
  })

  test('is still counted by an autoscaler that asks meanwhile, and told as draining', async () => {
    const { client, url } = system()
    const { id, held, name, pid } = await inTheMiddle(`Asked for its size while it drains on ${backend}`)
    process.kill(pid, 'SIGTERM')
    const stateOf = async (worker: string): Promise<string | undefined> =>
      (await client.fleet()).workers.find(({ name: of }) => of.startsWith(`${worker}@`))?.state
    await until(async () => (await stateOf(name)) === 'draining', { what: 'the fleet tells that the worker drains' })
    const scaling = async (pool: string): Promise<unknown> => (await fetch(`${url}/internal/scaling/${pool}`)).json()
    for (const pool of ['agents', 'agent:writer'])
      expect(await scaling(pool)).toMatchObject({ pool, value: 1, inProgress: 1, ready: 0 })
    held.release()
    await untilGone(pid)
    await expectHandedOver(id)
    await until(async () => ((await scaling('agents')) as { value: number }).value === 0, {
      what: 'nothing is wanted any more',
    })
    await expectCleanEnd(name, pid)
  })
})
