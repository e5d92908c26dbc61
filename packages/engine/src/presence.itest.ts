import { readWorkers, type WorkerRow } from '@flotilla/db'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createPresence } from './presence.ts'
import { openSpine, type Spine } from './testing/spine-fixture.ts'

describeOnEachBackend('a worker', (backend) => {
  let spine: Spine
  beforeEach(async () => {
    spine = await openSpine(backend, 0)
  })
  afterEach(() => spine.close())

  const heard = (what: string, is: (row: WorkerRow) => boolean): Promise<WorkerRow> =>
    until(async () => (await readWorkers(spine.db)).find(is) ?? null, { what })

  it('tells of itself when it starts, also without work, and is gone when it has stopped', async () => {
    const engine = await spine.work(async () => ({}), {
      roles: { planner: true, agents: ['writer'], verifier: false, learner: true, maintenance: false },
    })
    const row = await heard('the worker has told of itself', ({ name }) => name === 'w1')
    expect(row.told).toMatchObject({
      version: '0.0.0',
      roles: ['planner', 'agent:writer', 'learner'],
      places: 10,
      judgePlaces: 0,
      draining: false,
      done: {},
      chores: null,
    })
    await engine.stop(1_000)
    expect(await readWorkers(spine.db)).toEqual([])
  })

  it('says that it drains while what runs comes to its end', async () => {
    let end: () => void = () => {}
    const ending = new Promise<void>((resolve) => {
      end = resolve
    })
    let begun = false
    const engine = await spine.work(async () => {
      begun = true
      await ending
      return {}
    })
    await spine.submit([{ key: 'a', role: 'writer' }])
    await until(async () => begun, { what: 'the task has begun' })
    const stopped = engine.stop(20_000)
    await heard('the worker drains', ({ told }) => told.draining)
    end()
    await stopped
    expect(await readWorkers(spine.db)).toEqual([])
  })
})

describeOnEachBackend('what a worker tells', (backend) => {
  it('is what came to an outcome, by pool, and what its chores came to', async () => {
    const spine = await openSpine(backend, 0)
    try {
      const presence = createPresence({
        db: spine.db,
        worker: 'w9',
        version: '1.0.0',
        roles: { planner: false, agents: null, verifier: true, learner: false, maintenance: true },
        concurrency: 10,
        sweepMs: 500,
        now: () => Date.parse('2026-11-22T10:00:30Z'),
      })
      for (const verb of ['complete', 'verify', 'fail', 'retry', 'release', 'await', 'drop'] as const)
        presence.ended({ judge: false, role: 'writer' }, { verb })
      presence.ended({ judge: true, role: 'writer' }, { verb: 'revise' })
      presence.workedOn('verify', 1)
      presence.swept({ pages: 3, recovered: 2, woken: 0 })
      await presence.tell()
      const [row] = await readWorkers(spine.db)
      const last = (counts: Readonly<Record<string, readonly number[]>> | undefined) =>
        Object.fromEntries(Object.entries(counts ?? {}).map(([name, of]) => [name, of.at(-1)]))
      expect(last(row?.told.done)).toEqual({ 'agent:writer': 3, verify: 2 })
      expect(row?.told.chores).toMatchObject({ sweptMsAgo: 0, everyMs: 500 })
      expect(last(row?.told.chores?.done)).toEqual({ recovered: 2 })
      await presence.leave()
      expect(await presence.tell()).toEqual([])
      expect(await readWorkers(spine.db)).toEqual([])
    } finally {
      await spine.close()
    }
  })
})
