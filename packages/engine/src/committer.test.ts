import type { ClaimedTask, Settlement, StepInput, StepResult, WakeUp } from '@flotilla/db'
import { beforeEach, describe, expect, it } from 'vitest'
import { Committer, isTransientDbError } from './committer.ts'
import { claimed, ref, wakeUp } from './task-refs.test-support.ts'

/** What a step is asked, and what the test lets it answer. */
type Call = Readonly<{
  input: StepInput
  answer: (result?: Partial<StepResult>) => Promise<void>
  fail: (error: unknown) => Promise<void>
}>

let now: number
let timers: { at: number; call: () => void }[]
let calls: Call[]
let free: number
let goesOn: boolean
let kept: WakeUp[]
let extra: ClaimedTask[]
let pauses: number[]
let retried: unknown[]
let committer: Committer

const NOTHING: StepResult = { settled: [], claimed: [], wake: [], wait: [], closed: [] }
/** Everything that promises and the next turn of the loop bring about. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  ;[calls, kept, extra, pauses, retried] = [[], [], [], [], []]
  ;[now, timers] = [0, []]
  free = 0
  goesOn = true
  committer = new Committer({
    step: (input) => {
      const { promise, resolve, reject } = Promise.withResolvers<StepResult>()
      calls.push({
        input,
        answer: (result = {}) => (resolve({ ...NOTHING, ...result }), turn()),
        fail: (error) => (reject(error), turn()),
      })
      return promise
    },
    worker: 'w1',
    leaseMs: 1_000,
    served: () => ['writer'],
    reserve: (n) => {
      const taken = Math.min(n, free)
      free -= taken
      return taken
    },
    unreserve: (n) => (free += n),
    draw: (n) => kept.splice(0, n),
    putBack: (tasks) => kept.push(...tasks),
    mayGoOn: () => goesOn,
    onExtra: (task) => extra.push(task),
    onStep: () => {},
    isTransient: (error) => error === 'transient',
    pause: async (ms) => void pauses.push(ms),
    scheduler: {
      now: () => now,
      soon: (call) => void setImmediate(call),
      after: (ms, call) => (timers.push({ at: now + ms, call }), () => {}),
    },
    random: () => 0.5,
    onRetry: (error) => retried.push(error),
  })
})

const settlement = (idx: number, text = ''): Settlement => ({
  ...ref(idx),
  fence: 1,
  judged: false,
  verb: 'complete',
  delayMs: 0,
  data: { kind: 'first', output: { text, artifacts: [], citations: [], simulated: true } },
})
const call = (n: number): Call => {
  const found = calls[n]
  if (found === undefined) throw new Error(`there were ${calls.length} steps, not ${n + 1}`)
  return found
}
const size = ({ input }: Call): [number, number] => [input.settlements.length, input.claims.length]
/** The flush under way takes long. */
const later = async (): Promise<void> => {
  now += 20
  const due = timers.filter(({ at }) => at <= now)
  timers = timers.filter(({ at }) => at > now)
  for (const { call: fire } of due) fire()
  await turn()
}

describe('a group commit', () => {
  it('leaves runs that another flush holds to the next, unless there is nothing else', async () => {
    const other = { runId: 2, idx: 0 }
    void committer.claim(ref(0))
    await turn()
    void committer.claim(ref(1))
    void committer.claim(other)
    await later()
    expect(calls.map(({ input }) => input.claims)).toEqual([[ref(0)], [other]])
    await call(0).answer()
    await later()
    expect(calls.map(({ input }) => input.claims)).toEqual([[ref(0)], [other], [ref(1)]])
    await call(1).answer()
    void committer.claim(ref(2))
    await later()
    expect(call(3).input.claims).toEqual([ref(2)])
  })

  it('takes what came in one turn together, and what comes meanwhile next; two at a time where one takes long', async () => {
    void committer.claim(ref(0))
    void committer.settle(settlement(1), false)
    await turn()
    void committer.claim(ref(2))
    await turn()
    expect(calls.map(size)).toEqual([[1, 1]])
    await later()
    for (const idx of [3, 4, 5]) void committer.claim(ref(idx))
    await later()
    expect(calls.map(size)).toEqual([
      [1, 1],
      [0, 1],
    ])
    expect(call(0).input).toMatchObject({ worker: 'w1', leaseMs: 1_000, served: ['writer'], cap: 0 })
    const answered = call(0).answer()
    void committer.claim(ref(6)) // of the turn in which the answer comes: it goes along
    await answered
    await turn()
    expect(calls.map(size)).toEqual([
      [1, 1],
      [0, 1],
      [0, 4],
    ])
    expect(committer.idle).toBe(false)
    await call(1).answer()
    await call(2).answer()
    expect(committer.idle).toBe(true)
  })

  it('holds 200 items at most, and 4 MiB of outputs, but always one', async () => {
    for (let idx = 0; idx < 450; idx++) void committer.claim(ref(idx))
    await turn()
    expect(calls.map(size)).toEqual([
      [0, 200],
      [0, 200],
    ])
    await call(1).answer()
    await later()
    expect(calls.map(size).slice(2)).toEqual([[0, 50]])
    await call(2).answer()
    await call(0).answer()
    const big = 'x'.repeat(3 * 1024 * 1024)
    void committer.settle(settlement(0, big + big), false)
    void committer.settle(settlement(1, big), false)
    void committer.settle(settlement(2), false)
    await turn()
    await later()
    expect(calls.slice(3).map(size)).toEqual([
      [1, 0],
      [2, 0],
    ])
  })

  it('answers each claim, and a task that two deliveries want to the first of them', async () => {
    const claims = Promise.all([committer.claim(ref(0)), committer.claim(ref(1)), committer.claim(ref(0))])
    await turn()
    await call(0).answer({ claimed: [claimed(0)] })
    expect(await claims).toEqual([claimed(0), null, null])
  })

  it('answers which settlements took effect', async () => {
    const settles = Promise.all([committer.settle(settlement(0), false), committer.settle(settlement(1), false)])
    await turn()
    await call(0).answer({ settled: [1] })
    expect(await settles).toEqual([
      { recorded: false, next: null },
      { recorded: true, next: null },
    ])
  })
})

describe('what a settlement makes ready', () => {
  it('goes on in its place, the rest in places that are free; what is not used is given back', async () => {
    free = 3
    const settles = Promise.all([committer.settle(settlement(0), true), committer.settle(settlement(1), false)])
    await turn()
    expect(call(0).input.cap).toBe(1 + 3)
    expect(free).toBe(0)
    await call(0).answer({ settled: [0, 1], claimed: [claimed(5), claimed(6)] })
    expect(await settles).toEqual([
      { recorded: true, next: claimed(5) },
      { recorded: true, next: null },
    ])
    expect([extra, free]).toEqual([[claimed(6)], 2])
  })

  it('is not claimed for a place that is given up', async () => {
    free = 3
    void committer.settle(settlement(0), false)
    void committer.claim(ref(9))
    await turn()
    expect([call(0).input.cap, free]).toEqual([0, 3])
  })

  it('comes after what the process keeps, which is claimed by name', async () => {
    free = 1
    kept = [wakeUp(7), wakeUp(8), wakeUp(9)]
    const settled = committer.settle(settlement(0), true)
    await turn()
    expect(call(0).input.claims).toEqual([wakeUp(7), wakeUp(8)])
    expect([call(0).input.cap, kept]).toEqual([0, [wakeUp(9)]])
    await call(0).answer({ settled: [0], claimed: [claimed(8)] })
    expect((await settled).next).toEqual(claimed(8))
    expect([extra, free]).toEqual([[], 1])
  })

  it('is handed on even by a settlement that lost its fence: its place is free all the same', async () => {
    const settles = Promise.all([committer.settle(settlement(0), true), committer.settle(settlement(1), true)])
    await turn()
    await call(0).answer({ settled: [1], claimed: [claimed(5), claimed(6)] })
    expect((await settles).map((settled) => settled.next?.idx)).toEqual([5, 6])
  })
})

describe('a step that fails', () => {
  it('in passing is repeated as it was, with growing pauses, and nobody hears of it', async () => {
    const claim = committer.claim(ref(0))
    await turn()
    for (let n = 0; n < 8; n++) await call(n).fail('transient')
    expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1_000, 1_000])
    expect(new Set(calls.map((each) => each.input))).toEqual(new Set([call(0).input]))
    expect(retried).toHaveLength(8)
    await call(8).answer({ claimed: [claimed(0)] })
    expect(await claim).toEqual(claimed(0))
  })

  it('for one bad item is repeated item by item: the others are had', async () => {
    free = 2
    kept = [wakeUp(7)]
    const good = committer.settle(settlement(0), true)
    const bad = committer.settle(settlement(1), false)
    const claim = committer.claim(ref(2))
    await turn()
    expect([size(call(0)), free, kept]).toEqual([[2, 2], 0, []])
    const error = new Error('cannot be stored')
    await call(0).fail(error)
    expect([size(call(1)), call(1).input.claims]).toEqual([[1, 1], [wakeUp(7)]])
    await call(1).answer({ settled: [0], claimed: [claimed(7)] })
    expect(await good).toEqual({ recorded: true, next: claimed(7) })
    await call(2).fail(error)
    expect(await bad).toEqual({ recorded: false, next: null, error })
    await call(3).answer({ claimed: [claimed(2)] })
    expect(await claim).toEqual(claimed(2))
    expect([free, kept, committer.idle]).toEqual([2, [], true])
  })

  it('for its one claim has no task for it', async () => {
    const claim = committer.claim(ref(0))
    await turn()
    await call(0).fail(new Error('broken'))
    expect(await claim).toBeNull()
  })
})

describe('an error of the database', () => {
  const coded = (code: string): Error => Object.assign(new Error('x'), { code })

  it.each(['08006', '40001', '40P01', '53300', '55P03', '57P01', '57014', '25P03', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'])(
    'of code %s may pass',
    (code) => expect(isTransientDbError(coded(code))).toBe(true),
  )
  it.each(['22P02', '22021', '23505', '42P01', '42501', '54000', 'P0001', 'XX000'])('of code %s stays', (code) =>
    expect(isTransientDbError(coded(code))).toBe(false),
  )
  it.each(['Connection terminated unexpectedly', 'timeout exceeded when trying to connect', 'Query read timeout'])(
    'without a code, "%s", may pass',
    (message) => expect(isTransientDbError(new Error(message))).toBe(true),
  )
  it('that is a bug stays', () => {
    expect(isTransientDbError(new TypeError('x is undefined'))).toBe(false)
    expect(isTransientDbError('timeout')).toBe(false)
  })
})
