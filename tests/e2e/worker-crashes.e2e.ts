import type { RunEvent, TaskView } from '@flotilla/domain'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { holdCalls } from './fixture/held-calls.ts'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import { analysis, byMode, plan } from './fixture/planned.ts'
import { randomDag } from './fixture/random-dag.ts'
import { readRecord } from './fixture/record.ts'
import { completions, untilEnded, untilEvent } from './fixture/run-record.ts'
import { LEASE_MS, QUICK_RECOVERY } from './fixture/quick-recovery.ts'
import { useSystem } from './fixture/system.ts'

const SLACK_MS = 1_000

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

/** The process by its name; the record adds the machine. */
const workerOf = (event: RunEvent): string => (event.data['worker'] as string).replace(/@.*/, '')
const asked = (goal: string): string[] => models.calls(goal).map(({ mode, task, turn }) => `${task ?? mode} ${turn}`)

/** Two workers: one of them dies, the other has the reconciler. */
describeOnEachBackend('a worker that goes away', (backend) => {
  const system = useSystem(() => ({
    backend,
    env: {
      ...models.env('chat'),
      FLOTILLA_WORKERS: '2',
      ...QUICK_RECOVERY,
    },
  }))

  beforeEach(async () => {
    for (const name of ['worker-1', 'worker-2']) await system().pidOf(name)
  })

  test('killed while it plans: another plans anew', async () => {
    const { client } = system()
    const goal = `Killed while planning on ${backend}`
    const held = holdCalls()
    let plans = 0
    models.script(
      goal,
      byMode({
        ANALYSIS: () => analysis(),
        COORDINATOR: (call) => (plans++ === 0 ? held.hold(call, plan([{ key: 'late' }])) : plan([{ key: 'a' }])),
        TASK_EXECUTION: () => ({ say: 'done' }),
      }),
    )
    const { id } = await client.runs.create({ goal })
    const planning = await untilEvent(client, id, ({ type }) => type === 'run.planning')
    await held.untilHeld()
    const killed = await system().kill(workerOf(planning))
    const claimedAt = await until(
      async () => {
        const query = 'select fence from flotilla.runs where uid = $1 and fence > 1'
        return (await readRecord(system(), query, [id])).length > 0 && Date.now()
      },
      { what: 'the run is claimed again' },
    )
    expect(claimedAt - killed.at).toBeLessThan(LEASE_MS + SLACK_MS)
    const { run, events } = await untilEnded(client, id)
    held.release()
    expect(run).toMatchObject({ status: 'completed', planVersion: 1 })
    expect(completions(events)).toEqual({ a: 1 })
    expect(asked(goal)).toContain('a 1')
    expect(asked(goal)).not.toContain('late 1')
  })

  test('killed during a slow model call: the call is made again, and no other', async () => {
    const { client } = system()
    const goal = `Killed while the model thinks on ${backend}`
    const held = holdCalls()
    let calls = 0
    models.script(goal, (call) =>
      call.task === 'b' && calls++ === 0 ? held.hold(call, { say: 'late' }) : { say: `${call.task} done` },
    )
    const { id } = await client.runs.create({ goal, plan: { tasks: chain('a', 'b', 'c') } })
    const started = await untilEvent(client, id, ({ type, taskKey }) => type === 'task.started' && taskKey === 'b')
    await held.untilHeld()
    const killed = await system().kill(workerOf(started))
    const { run, events } = await untilEnded(client, id)
    held.release()
    expect(run).toMatchObject({ status: 'completed', result: { text: 'c done' } })
    expect(completions(events)).toEqual({ a: 1, b: 1, c: 1 })
    expectRecovered(await client.tasks.get(id, 'b'))
    expect(new Set(asked(goal))).toEqual(new Set(['a 1', 'b 1', 'c 1']))
    expect(paidTwice(goal, events)).toEqual([])
    expectRecoveredSoon(events, killed.at)
  })

  test('killed between a tool call and its settlement: the turns before are not paid again', async () => {
    const { client } = system()
    const goal = `Killed after a tool call on ${backend}`
    const held = holdCalls()
    let calls = 0
    models.script(goal, (call) => {
      if (call.turn === 1) return { call: [{ tool: 'write_artifact', arguments: { name: 'a.md', content: 'kept' } }] }
      return calls++ === 0 ? held.hold(call, { say: 'late' }) : { say: 'written' }
    })
    const { id } = await client.runs.create({ goal, plan: { tasks: chain('a') } })
    const started = await untilEvent(client, id, ({ type }) => type === 'task.started')
    await held.untilHeld()
    const killed = await system().kill(workerOf(started))
    const { run, events } = await untilEnded(client, id)
    held.release()
    expect(run).toMatchObject({ status: 'completed', result: { text: 'written' } })
    expect(asked(goal).filter((call) => call === 'a 1')).toHaveLength(1)
    expect(paidTwice(goal, events)).toEqual([])
    expect(models.calls(goal).at(-1)?.text).toContain('Saved "a.md"')
    const task = await client.tasks.get(id, 'a')
    expectRecovered(task)
    expect(task.turns.flatMap(({ toolCalls }) => toolCalls).map(({ tool, status }) => ({ tool, status }))).toEqual([
      { tool: 'write_artifact', status: 'succeeded' },
    ])
    expect(task.output?.artifacts).toEqual(['a.md'])
    expectRecoveredSoon(events, killed.at)
    expect(run.usage).toMatchObject({ modelCalls: 2, toolCalls: 1 })
  })

  test('asked to stop: it hands its task back, and another goes on with it', async () => {
    const { client } = system()
    const goal = `Asked to stop on ${backend}`
    const held = holdCalls()
    let calls = 0
    models.script(goal, (call) =>
      call.task === 'b' && calls++ === 0 ? held.hold(call, { say: 'late' }) : { say: `${call.task} done` },
    )
    const { id } = await client.runs.create({ goal, plan: { tasks: chain('a', 'b') } })
    const started = await untilEvent(client, id, ({ type, taskKey }) => type === 'task.started' && taskKey === 'b')
    await held.untilHeld()
    process.kill(await system().pidOf(workerOf(started)), 'SIGTERM')
    const { run } = await untilEnded(client, id)
    held.release()
    expect(run).toMatchObject({ status: 'completed', result: { text: 'b done' } })
    const { attempts } = await client.tasks.get(id, 'b')
    expect(attempts.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'first released',
      'continuation succeeded',
    ])
  })

  test('killed again and again in the middle of a wide run: each task is completed once', async () => {
    const { client } = system()
    const goal = `Killed three times on ${backend}`
    const held = holdCalls()
    let calls = 0
    models.script(goal, (call) => {
      const reply =
        call.turn === 1
          ? { call: [{ tool: 'write_artifact', arguments: { name: `${call.task}.md`, content: 'x' } }] }
          : { say: `${call.task} done` }
      return calls++ % 9 === 8 ? held.hold(call, reply) : reply
    })
    const { id } = await client.runs.create({ goal, plan: { tasks: randomDag(30, 7) } })
    for (const victim of ['worker-1', 'worker-2', 'worker-1']) {
      await held.untilHeld()
      await system().kill(victim)
      held.release()
    }
    held.stopHolding()
    const { run, events } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'completed', progress: { total: 30, completed: 30 } })
    expect(Object.values(completions(events))).toEqual(Array.from({ length: 30 }, () => 1))
    expect(paidTwice(goal, events)).toEqual([])
  })
})

const chain = (...keys: string[]): { key: string; role: string; dependsOn: string[] }[] =>
  keys.map((key, i) => ({ key, role: 'writer', dependsOn: keys.slice(Math.max(0, i - 1), i) }))

/** On a machine that is short of time a further lease may run out: the worker that went on is then lost too. */
function expectRecovered({ attempts }: TaskView): void {
  const told = attempts.map(({ kind, status }) => `${kind} ${status}`)
  const between = told.slice(1, -1).map(() => 'recovery lost')
  expect(told).toEqual(['first lost', ...between, 'recovery succeeded'])
}

function expectRecoveredSoon(events: readonly RunEvent[], killedAt: number): void {
  const recovered = events.find(({ type }) => type === 'task.recovered')
  expect(Date.parse(recovered?.at ?? '') - killedAt).toBeLessThan(LEASE_MS + SLACK_MS)
}

/** Turns that were asked for more often than a loss before their record explains. */
function paidTwice(goal: string, events: readonly RunEvent[]): string[] {
  const counts = new Map<string, number>()
  for (const call of asked(goal)) counts.set(call, (counts.get(call) ?? 0) + 1)
  return [...counts].flatMap(([call, count]) => {
    const [key, turn] = call.split(' ')
    const recorded = events.findIndex(
      ({ type, taskKey, data }) => type === 'task.turn' && taskKey === key && data['turn'] === Number(turn),
    )
    const losses = events.slice(0, recorded).filter(({ type, taskKey }) => type === 'task.recovered' && taskKey === key)
    return count <= 1 + losses.length ? [] : [`${call}: ${count} calls, ${losses.length} losses`]
  })
}
