import type { RunView } from '@flotilla/domain'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { holdCalls } from './fixture/held-calls.ts'
import { startModelServer, type ModelCall, type ModelServer } from './fixture/model-server.ts'
import { untilEnded, untilEvent } from './fixture/run-record.ts'
import { QUICK_RECOVERY } from './fixture/quick-recovery.ts'
import { useSystem } from './fixture/system.ts'
import type { Reply } from './wire/protocol.ts'

const TURNS = 12
const STOPPED_MS = 2_000

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const one = (key: string): { key: string; role: string } => ({ key, role: 'writer' })
/** A conversation that saves a note in each turn but the last. */
const talk = ({ turn }: ModelCall): Reply =>
  turn < TURNS
    ? { call: [{ tool: 'write_artifact', arguments: { name: `note-${turn}.md`, content: 'kept' } }] }
    : { say: 'all noted' }
const turnsAsked = (goal: string): number[] => models.calls(goal).map(({ turn }) => turn)
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

describeOnEachBackend('a paused run', (backend) => {
  const system = useSystem(() => ({
    backend,
    env: { ...models.env('chat'), ...QUICK_RECOVERY, FLOTILLA_WORKERS: '1' },
  }))

  /** Another run goes through, from its plan to its end: whatever could have been started has been by then. */
  async function anotherRunEnds(): Promise<void> {
    const goal = `Beside a paused run on ${backend} ${Math.random()}`
    models.script(goal, () => ({ say: 'done' }))
    const { id } = await system().client.runs.create({ goal, plan: { tasks: [one('a'), one('b')] } })
    expect((await untilEnded(system().client, id)).run.status).toBe('completed')
  }

  test('stays paused through the death of its worker, and goes on with the next turn', async () => {
    const { client } = system()
    const goal = `Paused in the sixth of twelve turns on ${backend}`
    const held = holdCalls()
    models.script(goal, (call) => (call.turn === 6 ? held.hold(call, talk(call)) : talk(call)))
    const { id } = await client.runs.create({ goal, plan: { tasks: [one('a')] } })
    await held.untilHeld()
    expect(await client.runs.pause(id)).toMatchObject({ status: 'paused' })
    held.stopHolding()
    const released = async (): Promise<boolean> => {
      const { attempts } = await client.tasks.get(id, 'a')
      return attempts[0]?.status === 'released'
    }
    await until(released, { what: 'the attempt is handed back at its turn boundary' })
    expect(turnsAsked(goal)).toEqual(upTo(6))
    const killed = await system().kill('worker-1')
    await system().untilBack('worker-1', killed)
    await anotherRunEnds()
    expect(turnsAsked(goal)).toEqual(upTo(6))
    expect((await client.tasks.get(id, 'a')).attempts).toHaveLength(1)
    expect(await client.runs.get(id)).toMatchObject({ status: 'paused' })

    expect(await client.runs.resume(id)).toMatchObject({ status: 'executing' })
    const { run } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'completed', result: { text: 'all noted' }, usage: { modelCalls: TURNS } })
    expect(turnsAsked(goal)).toEqual(upTo(TURNS))
    const { attempts, turns } = await client.tasks.get(id, 'a')
    expect(attempts.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'first released',
      'continuation succeeded',
    ])
    expect(turns.map(({ turn }) => turn)).toEqual(upTo(TURNS))
    expect(turns.flatMap(({ toolCalls }) => toolCalls)).toHaveLength(TURNS - 1)
  })

  test('whose worker dies in a call is recovered, and nobody goes on with it before the resume', async () => {
    const { client } = system()
    const goal = `Paused and killed in the third turn on ${backend}`
    const held = holdCalls()
    models.script(goal, (call) => (call.turn === 3 ? held.hold(call, talk(call)) : talk(call)))
    const { id } = await client.runs.create({ goal, plan: { tasks: [one('a')] } })
    await held.untilHeld()
    await client.runs.pause(id)
    await system().kill('worker-1')
    held.stopHolding()
    await untilEvent(client, id, ({ type }) => type === 'task.recovered')
    await anotherRunEnds()
    expect(turnsAsked(goal)).toEqual(upTo(3))
    expect(await client.runs.get(id)).toMatchObject({ status: 'paused' })
    await client.runs.resume(id)
    const { run } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'completed', result: { text: 'all noted' } })
    expect(turnsAsked(goal)).toEqual([...upTo(3), ...upTo(TURNS).slice(2)])
  })
})

describeOnEachBackend('calls in flight on two workers', (backend) => {
  const system = useSystem(() => ({
    backend,
    env: { ...models.env('chat'), ...QUICK_RECOVERY, FLOTILLA_WORKERS: '2', FLOTILLA_CONCURRENCY: '1' },
  }))

  const untilHungUp = (goal: string, count: number): Promise<readonly ModelCall[]> =>
    until(
      () => {
        const calls = models.calls(goal).filter(({ hungUpAt }) => hungUpAt !== null)
        return calls.length >= count ? calls : null
      },
      { what: `${count} model calls are hung up` },
    )

  test('are cut off by a cancel within 2 s, and its receipt tells of them', async () => {
    const { client } = system()
    for (const name of ['worker-1', 'worker-2']) await system().pidOf(name)
    const goal = `Cancelled on both workers on ${backend}`
    const held = holdCalls()
    models.script(goal, (call) => held.hold(call, { say: 'late' }))
    const tasks = [one('a'), one('b'), { ...one('c'), dependsOn: ['a', 'b'] }]
    const { id } = await client.runs.create({ goal, plan: { tasks } })
    await held.untilHeld(2)
    const at = Date.now()
    const answer = await client.runs.cancel(id)
    expect(answer).toMatchObject({
      status: 'cancelled',
      cancellation: { was: 'executing', tasks: { in_progress: 2, pending: 1 }, spentBefore: { modelCalls: 0 } },
    })
    for (const { hungUpAt } of await untilHungUp(goal, 2)) expect((hungUpAt ?? 0) - at).toBeLessThan(STOPPED_MS)
    const told = async (): Promise<RunView | null> => {
      const run = await client.runs.get(id)
      return run.cancellation?.stopped.calls === 2 ? run : null
    }
    const run = await until(told, { what: 'both calls have told what they used' })
    expect(run.cancellation).toMatchObject({ spentAfter: { modelCalls: 2 } })
    expect(Date.parse(run.cancellation?.stopped.lastStoppedAt ?? '') - at).toBeLessThan(STOPPED_MS)
    expect(run.usage.modelCalls).toBe(2)
    held.release()
    const { events } = await untilEnded(client, id)
    expect(events.at(-1)?.type).toBe('run.cancelled')
    expect(models.calls(goal)).toHaveLength(2)
    const workers = await Promise.all(['a', 'b'].map(async (key) => (await client.tasks.get(id, key)).attempts))
    expect(new Set(workers.flat().map(({ worker }) => worker)).size).toBe(2)
  })

  test('are cut off when the run’s time is over, and what was done is reported', async () => {
    const { client } = system()
    const goal = `Out of time on ${backend}`
    const held = holdCalls()
    models.script(goal, (call) => (call.task === 'slow' ? held.hold(call, { say: 'late' }) : { say: 'the quick part' }))
    const { id } = await client.runs.create({
      goal,
      // Time for the quick part on a busy machine.
      budget: { seconds: 8 },
      plan: { tasks: [one('quick'), one('slow'), { ...one('after'), dependsOn: ['slow'] }] },
    })
    const { run, events } = await untilEnded(client, id)
    held.release()
    expect(run).toMatchObject({
      status: 'failed',
      error: { code: 'budget_exceeded', message: 'the run ran out of time: its 8 s are over' },
      progress: { completed: 1 },
      cancellation: null,
    })
    expect(events.filter(({ type }) => type === 'budget.exceeded')).toHaveLength(1)
    expect(events.filter(({ type }) => type === 'task.cancelled').map(({ taskKey }) => taskKey)).toEqual([
      'slow',
      'after',
    ])
    await untilHungUp(goal, 1)
    expect(await client.runs.report(id)).toContain('the quick part')
  })
})
