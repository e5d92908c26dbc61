import type { Settlement, StepInput, StepResult, TaskRef, WakeUp } from '@flotilla/db'
import { until } from '@flotilla/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { HeldClaims } from './held-claims.ts'
import { claimed, ref, wakeUp } from './task-refs.test-support.ts'
import type { TaskDelivery } from './task-delivery.ts'
import { TaskRunner, type TaskRunnerDeps } from './task-runner.ts'

/** A record in which everything can be claimed and every settlement takes effect, as the test says otherwise. */
let answers: { claim: (ref: TaskRef) => boolean; wake: WakeUp[]; refuse: (settlement: Settlement) => Error | null }
let steps: StepInput[]
let held: HeldClaims
let woken: WakeUp[]
/** What waits in the record, of which workspace. */
let parked: { idx: number; workspaceId: number }[]
let draws: number[]
let told: number
let record: { -readonly [Key in 'park' | 'unpark']: TaskRunnerDeps['parked'][Key] }
let intake: string[]
let errors: string[]
/** Tasks that run, until the test ends them. */
let running: Map<number, { signal: AbortSignal; end: (settlement?: Partial<Settlement>) => void }>
let gate: Promise<void>

const never = new AbortController().signal
const delivery = (indexes: readonly number[], more: Partial<TaskDelivery> = {}): TaskDelivery => ({
  role: 'writer',
  judge: false,
  refs: indexes.map(ref),
  treeParent: null,
  priority: 5,
  signal: never,
  ...more,
})
async function step(input: StepInput): Promise<StepResult> {
  await gate
  for (const settlement of input.settlements) {
    const error = answers.refuse(settlement)
    if (error) throw error
  }
  steps.push(input)
  const wake = input.settlements.length > 0 ? answers.wake.splice(0) : []
  return {
    settled: input.settlements.map((_, i) => i),
    claimed: input.claims.filter((each) => answers.claim(each)).map((each) => claimed(each.idx)),
    wake,
    wait: [],
    closed: [],
  }
}

const open = (concurrency: number): TaskRunner =>
  new TaskRunner({
    concurrency,
    worker: 'w1',
    leaseMs: 1_000,
    step,
    run: (task, { signal }) =>
      new Promise((resolve) => {
        const settlement: Settlement = {
          ...ref(task.idx),
          fence: 1,
          judged: false,
          verb: 'complete',
          delayMs: 0,
          data: { kind: 'first' },
        }
        running.set(task.idx, {
          signal,
          end: (more = {}) => (running.delete(task.idx), resolve({ ...settlement, ...more })),
        })
      }),
    held,
    served: () => ['writer'],
    parked: {
      roles: () => ['writer'],
      park: (tasks) => record.park(tasks),
      unpark: (input) => record.unpark(input),
      tell: () => (told += 1),
    },
    wake: (tasks) => woken.push(...tasks),
    onClosed: () => {},
    onMoved: () => {},
    intake: { pause: () => intake.push('pause'), resume: () => intake.push('resume') },
    onError: (what) => errors.push(what),
    random: () => 0,
  })

beforeEach(() => {
  answers = { claim: () => true, wake: [], refuse: () => null }
  ;[steps, woken, intake, errors, running] = [[], [], [], [], new Map()]
  ;[parked, draws, told] = [[], [], 0]
  record = {
    park: async (refs) => void parked.push(...refs.map(({ idx }) => ({ idx, workspaceId: 1 }))),
    unpark: async ({ n }) => {
      draws.push(n)
      return {
        tasks: parked.splice(0, n).map(({ idx, workspaceId }) => ({ ...wakeUp(idx), workspaceId })),
        waiting: [...new Set(parked.map(({ workspaceId }) => workspaceId))],
      }
    },
  }
  held = new HeldClaims()
  gate = Promise.resolve()
})

const runs = (...indexes: number[]): Promise<true> =>
  until(() => indexes.every((idx) => running.has(idx)) || null, { what: `tasks ${indexes.join(', ')} run` })
const end = (...indexes: number[]): void => indexes.forEach((idx) => running.get(idx)?.end())

describe('a delivery', () => {
  it('is over once its tasks are claimed; the lease owns them from there', async () => {
    const runner = open(4)
    await runner.deliver(delivery([0, 1]))
    await runs(0, 1)
    expect(runner.active).toBe(2)
    end(0, 1)
    await until(() => runner.active === 0, { what: 'all places are free' })
    expect(held.all()).toEqual([])
  })

  it('that finds nothing to do leaves its places free', async () => {
    answers.claim = () => false
    const runner = open(2)
    await runner.deliver(delivery([0, 1]))
    expect([runner.active, running.size]).toEqual([0, 0])
    expect(runner.wakeUps).toEqual({ delivered: 2, nothing: 2, returned: 0 })
  })

  it('of more tasks than there is room for keeps the rest for places that come free, and gives it back in the end', async () => {
    const runner = open(1)
    await runner.deliver(delivery([0, 1, 2, 3, 4]))
    await runs(0)
    // Twice as many as there are places are kept.
    expect(woken.map((task) => task.idx)).toEqual([3, 4])
    end(0)
    await runs(1)
    end(1)
    await until(() => woken.some((task) => task.idx === 2) || running.has(2), {
      what: 'the last one is taken or given back',
    })
    end(2)
    await until(() => runner.active === 0, { what: 'all places are free' })
  })

  it('that finds no place in time is parked, and fetching rests for a while', async () => {
    const runner = open(1)
    await runner.deliver(delivery([0]))
    await runs(0)
    await runner.deliver(delivery([1, 2], { priority: 9 }))
    expect([parked.map(({ idx }) => idx), told, woken]).toEqual([[1, 2], 1, []])
    expect(intake[0]).toBe('pause')
    expect(runner.wakeUps).toEqual({ delivered: 3, nothing: 0, returned: 2 })
    await until(() => intake.includes('resume') || null, { what: 'fetching goes on without a free place' })
    end(0)
    await runs(1)
    end(1)
    await runs(2)
    end(2)
    await until(() => runner.active === 0, { what: 'all places are free' })
  })

  it('that cannot be parked goes back to the queue', async () => {
    const runner = open(1)
    await runner.deliver(delivery([0]))
    await runs(0)
    record.park = () => Promise.reject(new Error('the record is away'))
    await runner.deliver(delivery([1]))
    expect([woken, errors]).toEqual([[wakeUp(1, { delayMs: 250 })], ['park']])
    end(0)
  })

  it('of a tree is held until its task has settled; the task above is left to the tree, and others begin here', async () => {
    const runner = open(2)
    let over = false
    const delivered = runner.deliver(delivery([0], { treeParent: 7 })).then(() => (over = true))
    await runs(0)
    expect(over).toBe(false)
    answers.wake = [7, 8, 9].map((idx) => wakeUp(idx))
    end(0)
    await delivered
    // The one in the free place, the other in that of the task that has settled.
    await runs(8)
    await runs(9)
    expect([[...running.keys()], woken]).toEqual([[8, 9], []])
    end(8)
    end(9)
    await until(() => runner.active === 0, { what: 'all places are free' })
  })

  it('of a tree whose lock is lost stops its task, and leaves nothing to the tree any more', async () => {
    const runner = open(1)
    const lost = new AbortController()
    const delivered = runner.deliver(delivery([0], { treeParent: 7, signal: lost.signal }))
    await runs(0)
    const { signal } = running.get(0) ?? {}
    lost.abort()
    expect(signal?.reason).toMatchObject({ kind: 'lease_lost' })
    answers.wake = [wakeUp(7)]
    end(0)
    await delivered
    await runs(7)
    end(7)
    await until(() => runner.active === 0, { what: 'all places are free' })
    expect(woken).toEqual([])
  })
})

describe('an outcome that cannot be stored', () => {
  it('is settled as the failure of its task', async () => {
    const runner = open(1)
    answers.refuse = ({ verb }) => (verb === 'complete' ? new Error('value too long') : null)
    await runner.deliver(delivery([0]))
    await runs(0)
    end(0)
    await until(() => runner.active === 0, { what: 'the task has settled' })
    expect(errors).toEqual(['settle'])
    expect(steps.at(-1)?.settlements).toMatchObject([
      {
        idx: 0,
        verb: 'fail',
        data: { error: { code: 'internal', message: 'the outcome cannot be recorded: value too long' } },
      },
    ])
  })
})

/** Its one place has task 0; task 9 of this workspace is parked, of which it has been told. */
const besideParked = async (workspaceId: number): Promise<TaskRunner> => {
  const runner = open(1)
  await runner.deliver(delivery([0]))
  await runs(0)
  parked = [{ idx: 9, workspaceId }]
  runner.lookForParked()
  await until(() => draws.includes(0) || null, { what: 'the record was asked' })
  return runner
}

describe('what is parked', () => {
  it('takes places that are free, as soon as they are', async () => {
    parked = [1, 2, 3].map((idx) => ({ idx, workspaceId: 1 }))
    const runner = open(2)
    runner.lookForParked()
    await runs(1, 2)
    end(1)
    await runs(3)
    end(2, 3)
    await until(() => runner.active === 0, { what: 'all places are free' })
    expect(draws[0]).toBe(2)
  })

  it('of another workspace goes before what a task makes ready, and all of that waits its turn', async () => {
    const runner = await besideParked(2)
    answers.wake = [wakeUp(5)]
    end(0)
    await runs(9)
    expect(steps.find((input) => input.settlements.length > 0)?.cap).toBe(0)
    expect(running.has(5)).toBe(false)
    end(9)
    await runs(5)
    end(5)
    await until(() => runner.active === 0, { what: 'all places are free' })
  })

  it('of the same workspace leaves a slot to what its task makes ready', async () => {
    const runner = await besideParked(1)
    end(0)
    await until(() => steps.some((input) => input.settlements.length > 0) || null, { what: 'it is settled' })
    expect(steps.find((input) => input.settlements.length > 0)?.cap).toBe(1)
    await runs(9)
    end(9)
    await until(() => runner.active === 0, { what: 'all places are free' })
  })

  it('is asked for once by a process without a place, however often it is told of more', async () => {
    const runner = await besideParked(1)
    await new Promise((resolve) => setImmediate(resolve)) // the answer is heard
    for (let n = 0; n < 5; n++) runner.lookForParked()
    expect(draws).toEqual([1, 0]) // the delivery was the first to ask
    end(0)
    await runs(9)
    end(9)
    await until(() => runner.active === 0, { what: 'all places are free' })
  })

  it('and drawn while the process drains goes to the queue', async () => {
    const answer = Promise.withResolvers<void>()
    record.unpark = async () => (await answer.promise, { tasks: [{ ...wakeUp(3), workspaceId: 1 }], waiting: [] })
    const runner = open(1)
    runner.lookForParked()
    const drained = runner.drain()
    answer.resolve()
    await drained
    expect([woken.map(({ idx }) => idx), running.size]).toEqual([[3], 0])
  })
})

describe('draining', () => {
  it('waits for what runs, takes nothing more, and gives back what it keeps', async () => {
    const runner = open(1)
    await runner.deliver(delivery([0, 1]))
    await runs(0)
    let drained = false
    const draining = runner.drain().then(() => (drained = true))
    expect(woken).toEqual([wakeUp(1)])
    await runner.deliver(delivery([2]))
    expect(woken).toEqual([wakeUp(1), wakeUp(2)])
    expect(drained).toBe(false)
    answers.wake = [wakeUp(3)]
    end(0)
    await draining
    expect(steps.at(-1)?.cap).toBe(0)
    expect(woken).toEqual([wakeUp(1), wakeUp(2), wakeUp(3)])
    expect(intake).toEqual([])
  })

  it('waits for a claim that is under way, and for the task that it brings', async () => {
    const commit = Promise.withResolvers<void>()
    gate = commit.promise
    const runner = open(1)
    const delivered = runner.deliver(delivery([0]))
    await until(() => runner.active === 1, { what: 'the delivery has its place' })
    let drained = false
    const draining = runner.drain().then(() => (drained = true))
    held.stopAll('shutdown')
    commit.resolve()
    await delivered
    await runs(0)
    expect([drained, running.get(0)?.signal.aborted]).toEqual([false, true])
    end(0)
    await draining
    expect(runner.active).toBe(0)
  })

  it('gives back a delivery that waited for a place until then', async () => {
    const runner = open(1)
    await runner.deliver(delivery([0]))
    await runs(0)
    const waiting = runner.deliver(delivery([1]))
    const draining = runner.drain()
    end(0)
    await Promise.all([waiting, draining])
    expect(woken).toEqual([wakeUp(1)])
    expect([runner.active, steps.flatMap((each) => each.claims)]).toEqual([0, [ref(0)]])
  })
})
