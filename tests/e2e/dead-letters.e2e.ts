import {
  recoveryDelayMs,
  type DeadLetterSummaryView,
  type DeadLetterView,
  type EventType,
  type RunEvent,
} from '@flotilla/domain'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModelServer, type ModelServer } from './fixture/model-server.ts'
import { runFlotilla } from './fixture/program.ts'
import { completions, untilEnded, untilEvent } from './fixture/run-record.ts'
import { LEASE_MS, QUICK_RECOVERY } from './fixture/quick-recovery.ts'
import { useSystem } from './fixture/system.ts'

const SLACK_MS = 1_000
const LOSSES = 6

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

const time = (event: RunEvent | undefined): number => Date.parse(event?.at ?? '')

describeOnEachBackend('a task that kills its worker every time', (backend) => {
  const system = useSystem(() => ({
    backend,
    env: {
      ...models.env('chat'),
      FLOTILLA_WORKERS: '2',
      ...QUICK_RECOVERY,
    },
  }))
  const call = async <T>(...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await runFlotilla([...args, '--json'], { env: system().env })
    expect(`${code} ${stderr}`).toBe('0 ')
    return JSON.parse(stdout) as T
  }
  const asked = (goal: string): string[] => models.calls(goal).map(({ task }) => task ?? '')

  test('ends in the list of dead letters while others go on, and is done over once the poison is gone', async () => {
    const { client } = system()
    const [goal, other] = [`Poison on ${backend}`, `Beside the poison on ${backend}`]
    const poison = Promise.withResolvers<void>()
    models.script(goal, async (asks) => {
      if (asks.task === 'bad') await poison.promise
      return { say: `${asks.task} done` }
    })
    models.script(other, (asks) => ({ say: `${asks.task} done` }))
    const tasks = [
      { key: 'read', role: 'writer' },
      { key: 'bad', role: 'writer', dependsOn: ['read'] },
      { key: 'after', role: 'writer', dependsOn: ['bad'] },
    ]
    const { id } = await client.runs.create({ goal, plan: { tasks } })

    const kills = new Map<number, number>()
    for (let attempt = 1; attempt <= LOSSES; attempt++) {
      const is = (type: EventType) => (event: RunEvent) =>
        event.type === type && event.taskKey === 'bad' && event.data['attempt'] === attempt
      const started = await untilEvent(client, id, is('task.started'))
      // The one that stays has the reconciler.
      for (const name of ['worker-1', 'worker-2']) await system().pidOf(name)
      // On a machine that is short of time the lease may run out by itself: then there is nobody to kill.
      const { items } = await client.runs.events(id, { after: started.seq, limit: 1_000 })
      if (!items.some(is('task.recovered'))) {
        const calls = (): number => asked(goal).filter((key) => key === 'bad').length
        await until(() => calls() >= attempt, { what: `call ${attempt} of the task`, timeoutMs: 30_000 })
        kills.set(attempt, (await system().kill((started.data['worker'] as string).replace(/@.*/, ''))).at)
      }
      if (attempt === 4) {
        const beside = await client.runs.create({ goal: other, plan: { tasks } })
        expect((await untilEnded(client, beside.id)).run).toMatchObject({ status: 'completed' })
        expect(await client.runs.get(id)).toMatchObject({ status: 'executing' })
      }
    }

    const { run, events } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'failed', error: { code: 'worker_lost', taskKey: 'bad' } })
    expect(run.progress).toMatchObject({ completed: 1, failed: 1, skipped: 1 })
    expectPublishedTimes(events, kills)

    const { items } = await call<{ items: DeadLetterSummaryView[] }>('dead', 'list', '--run', id)
    expect(items).toMatchObject([{ taskKey: 'bad', reason: 'worker_lost', runStatus: 'failed', redrivenTo: null }])
    const letter = await call<DeadLetterView>('dead', 'show', items[0]?.id ?? '')
    expect(letter.failures.map(({ status }) => status)).toEqual(Array.from({ length: LOSSES }, () => 'lost'))
    expect(letter.failures.map(({ worker }) => worker)).toEqual(
      events
        .filter(({ type, taskKey }) => type === 'task.started' && taskKey === 'bad')
        .map(({ data }) => data['worker']),
    )
    expect(letter.counts.recovery).toEqual({ count: 5, cap: 5 })

    poison.resolve()
    const before = asked(goal).length
    const redriven = await call<{ id: string }>('dead', 'redrive', letter.id)
    expect(await call<{ id: string }>('dead', 'redrive', letter.id)).toMatchObject({ id: redriven.id })
    const over = await untilEnded(client, redriven.id)
    expect(over.run).toMatchObject({ status: 'completed', result: { text: 'after done' } })
    expect(completions(over.events)).toEqual({ read: 1, bad: 1, after: 1 })
    // What is done over is asked for once an attempt, and nothing else is.
    const starts = over.events.flatMap(({ type, taskKey }) => (type === 'task.started' ? [taskKey] : []))
    expect(new Set(asked(goal).slice(before))).toEqual(new Set(['bad', 'after']))
    expect(asked(goal).length - before).toBeLessThanOrEqual(starts.length)
    expect(over.run.usage.modelCalls).toBe(2)
    expect(models.calls(goal).at(before)?.text).toContain('read done')
    const list = await call<{ items: DeadLetterSummaryView[] }>('dead', 'list', '--redriven', 'true')
    expect(list.items).toMatchObject([{ id: letter.id, redrivenTo: redriven.id }])
  })
})

/** Each death is noticed within a lease and a second, the last one as the task's failure; the next attempt waits its turn. */
function expectPublishedTimes(events: readonly RunEvent[], kills: ReadonlyMap<number, number>): void {
  const own = events.filter(({ taskKey }) => taskKey === 'bad')
  const starts = own.filter(({ type }) => type === 'task.started')
  const noticed = own.filter(({ type }) => type === 'task.recovered' || type === 'task.failed')
  expect(noticed).toHaveLength(LOSSES)
  expect(kills.size).toBeGreaterThan(0)
  for (const [i, event] of noticed.entries()) {
    const killed = kills.get(i + 1)
    if (killed !== undefined) expect(time(event) - killed).toBeLessThan(LEASE_MS + SLACK_MS)
    const next = starts[i + 1]
    if (next !== undefined) expect(time(next) - time(event)).toBeGreaterThanOrEqual(recoveryDelayMs(i + 1))
  }
}
