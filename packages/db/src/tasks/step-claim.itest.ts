import { TASK_STATUSES, type AttemptKind, type RunStatus, type StoredTaskStatus } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, settle, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { rawTasks, readLog, readTask, statuses } from '../testing/record-reads.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const CLAIMABLE: readonly [StoredTaskStatus, StoredTaskStatus][] = [
  ['ready', 'in_progress'],
  ['revising', 'in_progress'],
  ['to_verify', 'verifying'],
]
const OTHERS = TASK_STATUSES.filter((status) => status !== 'ready' && status !== 'revising')
const refs = (runId: number, count: number) => Array.from({ length: count }, (_, idx) => ({ runId, idx }))
const byIdx = (a: { idx: number }, b: { idx: number }): number => a.idx - b.idx

describe('a claim by wake-up', () => {
  it.each(CLAIMABLE)('of a task that is %s makes it %s under a new fence and a lease', async (from, to) => {
    const runId = await record.plant([{ status: from, fence: 4, attempt: 2, tries: 2, kind: 'retry', dueMs: 100 }])
    const judge = from === 'to_verify'
    const { claimed, wake } = await record.step({ claims: [{ runId, idx: 0 }], worker: 'w7', leaseMs: 20_000 })
    const attempt = judge ? 2 : 3
    const task = {
      idx: 0,
      fence: 5,
      attempt,
      kind: 'retry',
      tries: judge ? 2 : 3,
      recoveries: 0,
      revisions: 0,
      continuations: 0,
    }
    expect(claimed).toEqual([{ ...task, runId, judge, role: 'writer', workspaceId: 1 }])
    expect(wake).toEqual([])
    expect(await readTask(record.pool, runId, 0)).toMatchObject({
      ...task,
      status: to,
      worker: 'w7',
      dueWithinMs: 20_000,
    })
    expect(await readLog(record.pool, runId)).toEqual(
      judge ? [] : [{ seq: 1, type: 'task.started', idx: 0, data: { attempt: 3, kind: 'retry', worker: 'w7' } }],
    )
  })

  it('finds nothing to do in any other status', async () => {
    const runId = await record.plant(OTHERS.map((status): Seedling => ({ status })))
    const before = await rawTasks(record.pool, runId)
    const result = await record.step({ claims: refs(runId, OTHERS.length), cap: 9 })
    expect(result).toEqual({ settled: [], claimed: [], wake: [], wait: [], closed: [] })
    expect(await rawTasks(record.pool, runId)).toEqual(before)
    expect(await readLog(record.pool, runId)).toEqual([])
  })

  it.each<RunStatus>(['created', 'planning', 'awaiting_approval', 'paused', 'verifying', 'completed', 'cancelled'])(
    'finds nothing to do in a run that is %s',
    async (status) => {
      const runId = await record.plant([{}, { status: 'to_verify' }], { status })
      expect((await record.step({ claims: refs(runId, 2) })).claimed).toEqual([])
      expect(await statuses(record.pool, runId)).toEqual(['ready', 'to_verify'])
    },
  )

  it('of what is not there is no error', async () => {
    const runId = await record.plant([{}])
    const { claimed } = await record.step({
      claims: [
        { runId, idx: 99 },
        { runId: runId + 1_000_000, idx: 0 },
        { runId, idx: 0 },
      ],
    })
    expect(claimed).toMatchObject([{ runId, idx: 0 }])
  })

  it('that stands in a batch more than once is had once', async () => {
    const runId = await record.plant([{}])
    const { claimed } = await record.step({ claims: Array.from({ length: 4 }, () => ({ runId, idx: 0 })) })
    expect(claimed).toMatchObject([{ idx: 0, fence: 1, attempt: 1, tries: 1 }])
    expect(await readLog(record.pool, runId)).toHaveLength(1)
  })

  it.each([0, 2])('of a task that the same batch revises or retries is had once, with a cap of %i', async (cap) => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'in_progress' }])
    const { claimed } = await record.step({
      settlements: [settle({ runId, idx: 0, fence: 1 }, 'revise'), settle({ runId, idx: 1, fence: 1 }, 'retry')],
      claims: refs(runId, 2),
      cap,
    })
    expect(claimed.toSorted(byIdx)).toMatchObject([
      { idx: 0, fence: 2, kind: 'revision' },
      { idx: 1, fence: 2, kind: 'retry' },
    ])
    const starts = (await readLog(record.pool, runId)).filter((event) => event.type === 'task.started')
    expect(starts.map((event) => event.idx)).toEqual([0, 1])
  })

  it('is had before its time by nobody, and by a claim after it', async () => {
    const runId = await record.plant([{ notBeforeMs: 60_000 }, { notBeforeMs: -1 }])
    expect((await record.step({ claims: refs(runId, 2) })).claimed).toMatchObject([{ idx: 1 }])
    expect(await statuses(record.pool, runId)).toEqual(['ready', 'in_progress'])
  })

  it('is had whatever roles the process serves: the wake-up came by a queue that it listens to', async () => {
    const runId = await record.plant([{ role: 'reviewer' }])
    expect((await record.step({ claims: refs(runId, 1), served: [] })).claimed).toMatchObject([{ role: 'reviewer' }])
  })

  it.each<[AttemptKind, number]>([
    ['first', 1],
    ['retry', 1],
    ['revision', 0],
    ['recovery', 0],
    ['continuation', 0],
  ])('of a %s counts %i towards the tries that a task has', async (kind, counted) => {
    const runId = await record.plant([{ kind, tries: 2 }])
    expect((await record.step({ claims: refs(runId, 1) })).claimed[0]?.tries).toBe(2 + counted)
  })
})

describe('dependents', () => {
  const FAN: readonly Seedling[] = [{ status: 'in_progress' }, ...Array.from({ length: 5 }, () => ({ deps: [0] }))]
  const finish = (runId: number, ...tasks: number[]) => tasks.map((idx) => settle({ runId, idx, fence: 1 }, 'complete'))

  it('become ready with their last dependency, up to the cap claimed at once, the others woken', async () => {
    const runId = await record.plant(FAN)
    const { claimed, wake } = await record.step({ settlements: finish(runId, 0), cap: 2 })
    expect(claimed.toSorted(byIdx)).toMatchObject([
      { idx: 1, fence: 1, attempt: 1, kind: 'first', judge: false },
      { idx: 2, fence: 1 },
    ])
    expect(wake.toSorted(byIdx)).toEqual(
      [3, 4, 5].map((idx) => ({ runId, idx, role: 'writer', delayMs: 0, judge: false, priority: 5 })),
    )
    expect(await readTask(record.pool, runId, 1)).toMatchObject({ status: 'in_progress', dueWithinMs: 60_000 })
    expect(await readTask(record.pool, runId, 3)).toMatchObject({ status: 'ready', fence: 0, dueWithinMs: 5_000 })
    const log = await readLog(record.pool, runId)
    expect(log.map((event) => `${event.type} ${event.idx}`)).toEqual([
      'task.completed 0',
      ...[1, 2, 3, 4, 5].map((idx) => `task.ready ${idx}`),
      'task.started 1',
      'task.started 2',
      'run.progress null',
    ])
  })

  it('wait for each of their dependencies, and are released once by the last', async () => {
    const runId = await record.plant([
      { status: 'in_progress' },
      { status: 'in_progress' },
      { status: 'in_progress' },
      { deps: [0, 1, 2] },
    ])
    expect(await record.step({ settlements: finish(runId, 0), cap: 9 })).toMatchObject({ claimed: [], wake: [] })
    expect(await statuses(record.pool, runId)).toEqual(['completed', 'in_progress', 'in_progress', 'pending'])
    expect((await record.step({ settlements: finish(runId, 1, 2), cap: 9 })).claimed).toMatchObject([
      { idx: 3, fence: 1 },
    ])
  })

  it('do not move for anything but a completion', async () => {
    const runId = await record.plant([...FAN, { status: 'verifying' }, { deps: [6] }])
    const verbs = [
      settle({ runId, idx: 0, fence: 1 }, 'verify'),
      settle({ runId, idx: 6, fence: 1 }, 'revise', { judged: true }),
    ]
    expect((await record.step({ settlements: verbs })).claimed).toEqual([])
    expect((await statuses(record.pool, runId)).filter((status) => status === 'pending')).toHaveLength(6)
  })

  it('of a settlement that is refused stay where they are', async () => {
    const runId = await record.plant(FAN)
    const stale = [settle({ runId, idx: 0, fence: 0 }, 'complete')]
    expect(await record.step({ settlements: stale, cap: 9 })).toMatchObject({ settled: [], claimed: [], wake: [] })
  })

  it('are claimed only by a process that serves their role', async () => {
    const runId = await record.plant([
      { status: 'in_progress' },
      { deps: [0], role: 'reviewer' },
      { deps: [0], role: 'writer' },
      { deps: [0], role: 'critic' },
    ])
    const { claimed, wake } = await record.step({ settlements: finish(runId, 0), cap: 9, served: ['writer', 'critic'] })
    expect(claimed.map((task) => task.role).toSorted()).toEqual(['critic', 'writer'])
    expect(wake).toMatchObject([{ idx: 1, role: 'reviewer' }])
  })

  it('of several runs share the cap by turns, so that no run waits for another’s', async () => {
    const runs = [await record.plant(FAN), await record.plant(FAN)]
    const { claimed } = await record.step({ settlements: runs.flatMap((runId) => finish(runId, 0)), cap: 4 })
    expect(claimed.map(({ runId, idx }) => `${runs.indexOf(runId)}/${idx}`).toSorted()).toEqual([
      '0/1',
      '0/2',
      '1/1',
      '1/2',
    ])
  })

  it('give way to a revision just asked for, which goes on in the same place', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'in_progress' }, { deps: [0] }])
    const { claimed, wake } = await record.step({
      settlements: [...finish(runId, 0), settle({ runId, idx: 1, fence: 1 }, 'revise')],
      cap: 1,
    })
    expect(claimed).toMatchObject([{ idx: 1, kind: 'revision', revisions: 1 }])
    expect(wake).toMatchObject([{ idx: 2 }])
  })

  it('do not count against the cap what came by wake-up', async () => {
    const runId = await record.plant([...FAN, {}, {}])
    const { claimed } = await record.step({
      settlements: finish(runId, 0),
      claims: [
        { runId, idx: 6 },
        { runId, idx: 7 },
      ],
      cap: 1,
    })
    expect(claimed.toSorted(byIdx).map((task) => task.idx)).toEqual([1, 6, 7])
  })
})
