import { NO_SPEND } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { arbitraryGraph } from '../testing/arbitrary-graph.ts'
import { expectSoundHistory } from '../testing/history.ts'
import { claim, openRecord, settle, stepInput, type TestRecord } from '../testing/record-fixture.ts'
import { readLog, readRun, statuses } from '../testing/record-reads.ts'
import { step, type ClaimedTask, type Verb } from './step.ts'
import { finishToolCall, heartbeat, recordTurn, beginToolCall, sweep } from './transitions.ts'

let record: TestRecord
/** Two engines: processes share nothing but the record. */
let engines: readonly [pg.Pool, pg.Pool]
/** Sees what sessions of other roles wait for. */
let owner: pg.Pool
beforeAll(async () => {
  record = await openRecord()
  engines = [record.open('engine', 4), record.open('engine', 4)]
  owner = record.open('owner', 1)
})
afterAll(() => record.close())

/** Until so many sessions wait for what another holds. */
const untilWaiting = (count: number): Promise<boolean> =>
  until(
    async () => {
      const { rows } = await owner.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows[0]?.n === count
    },
    { what: `${count} sessions wait` },
  )

/** Holds a run's row until `count` others wait for it, so that they overlap for certain. */
async function together<T>(runId: number, steps: readonly (() => Promise<T>)[]): Promise<T[]> {
  const client = await record.pool.connect()
  try {
    await client.query('begin')
    await client.query('select from flotilla.runs where id = $1 for update', [runId])
    const waiting = Promise.all(steps.map((each) => each()))
    waiting.catch(() => {}) // told by the return, unless the wait below fails first
    await untilWaiting(steps.length)
    await client.query('commit')
    return await waiting
  } finally {
    client.release()
  }
}

describe('a sweep at the same time as a heartbeat', () => {
  it('leaves the task with its worker when the heartbeat was faster', async () => {
    const runId = await record.plant([{ status: 'in_progress', fence: 3, worker: 'late', dueMs: -1_000 }])
    const client = await record.pool.connect()
    try {
      await client.query('begin')
      // What a heartbeat does; until it commits, the sweep finds a lease that ran out.
      await client.query(
        `update flotilla.tasks set due = clock_timestamp() + interval '60 s' where run_id = $1 and fence = 3`,
        [runId],
      )
      const swept = sweep(engines[0], { after: runId - 1, limit: 1, ready: false, deep: false, maxRecoveries: 5 })
      swept.catch(() => {}) // told below, unless the wait fails first
      await untilWaiting(1)
      await client.query('commit')
      expect(await swept).toMatchObject({ recovered: [], poisoned: [] })
    } finally {
      client.release()
    }
    expect(await heartbeat(record.pool, [{ runId, idx: 0, fence: 3 }], 60_000)).toEqual([])
    expect(await readLog(record.pool, runId)).toEqual([])
  })
})

describe('steps at the same time', () => {
  it.each([2, 8])('release a join once, when its last %i dependencies settle at once', async (count) => {
    const parts = Array.from({ length: count }, (_, idx) => idx)
    const runId = await record.plant([...parts.map(() => ({})), { deps: parts }])
    await claim(record, runId, ...parts)
    const results = await together(
      runId,
      parts.map((idx) => () => {
        const settlements = [settle({ runId, idx, fence: 1 }, 'complete')]
        return step(engines[idx % 2] as pg.Pool, stepInput({ settlements, cap: 1, worker: `w${idx}` }))
      }),
    )
    expect(results.flatMap((result) => result.claimed)).toMatchObject([{ idx: count, fence: 1, attempt: 1 }])
    expect(results.flatMap((result) => result.wake)).toEqual([])
    await expectSoundHistory(record.pool, runId)
  })

  it('give a task to one of those who claim it', async () => {
    const runId = await record.plant([{}])
    const claims = [{ runId, idx: 0 }]
    const results = await together(
      runId,
      Array.from(
        { length: 6 },
        (_, i) => () => step(engines[i % 2] as pg.Pool, stepInput({ claims, worker: `w${i}` })),
      ),
    )
    expect(results.flatMap((result) => result.claimed)).toHaveLength(1)
    await expectSoundHistory(record.pool, runId)
  })

  it('let one settlement of a claim in, whatever the others say', async () => {
    const runId = await record.plant([{}, {}])
    await claim(record, runId, 0)
    const verbs: readonly Verb[] = ['complete', 'fail', 'retry', 'verify', 'revise', 'release']
    const results = await together(
      runId,
      verbs.map(
        (verb, i) => () =>
          step(engines[i % 2] as pg.Pool, stepInput({ settlements: [settle({ runId, idx: 0, fence: 1 }, verb)] })),
      ),
    )
    expect(results.flatMap((result) => result.settled)).toEqual([0])
    await expectSoundHistory(record.pool, runId)
  })

  it('of many runs in opposite orders do not deadlock', async () => {
    const runs = await Promise.all(Array.from({ length: 30 }, () => record.plant([{ status: 'in_progress' }, {}])))
    const complete = (own: readonly number[]) => own.map((runId) => settle({ runId, idx: 0, fence: 1 }, 'complete'))
    const orders = [runs, runs.toReversed(), runs, runs.toReversed()]
    const results = await Promise.all(
      orders.map((order, i) => step(engines[i % 2] as pg.Pool, stepInput({ settlements: complete(order) }))),
    )
    expect(results.reduce((sum, result) => sum + result.settled.length, 0)).toBe(runs.length)
  })
})

describe('eight writers', () => {
  type Move =
    | Readonly<{ kind: 'claim'; idx: number; cap: number }>
    | Readonly<{ kind: 'settle'; verb: Verb; cap: number; stale: boolean }>
    | Readonly<{ kind: 'turn' | 'tool' | 'lapse' | 'sweep' | 'beat' }>

  /** Time goes by: leases run out, and what is put off is due. */
  const LAPSE = `update flotilla.tasks set due = clock_timestamp(), not_before = null where run_id = $1 and due is not null`

  const usage = {
    inputTokens: 1,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 1,
    reasoningTokens: 0,
    toolCalls: 0,
    modelCalls: 1,
    costUsd: 0.001,
  }

  /** Does what it is told with what it holds; goes on with a claim that somebody else may have taken over meanwhile. */
  async function write(pool: pg.Pool, runId: number, worker: string, moves: readonly Move[]): Promise<void> {
    const held: ClaimedTask[] = []
    let turn = 0
    const engine = async (input: Parameters<typeof stepInput>[0]): Promise<void> => {
      held.push(...(await step(pool, stepInput({ ...input, worker }))).claimed)
    }
    const one = async (move: Move): Promise<unknown> => {
      const task = held.at(-1)
      switch (move.kind) {
        case 'claim':
          return engine({ claims: [{ runId, idx: move.idx }], cap: move.cap })
        case 'sweep':
          return sweep(pool, { after: runId - 1, limit: 1, ready: true, deep: true, maxRecoveries: 100 })
        case 'lapse':
          return pool.query(LAPSE, [runId])
        case 'beat':
          return heartbeat(pool, held, 60_000)
        case 'settle': {
          if (task === undefined) return undefined
          if (!move.stale) held.pop()
          return engine({ settlements: [settle(task, move.verb, { judged: task.judge })], cap: move.cap })
        }
        case 'turn': {
          if (task === undefined) return undefined
          const { attempt, kind } = task
          const shared = { turn: ++turn, model: kind, request: [], reply: {}, stopReason: 'end', usage, context: null }
          return recordTurn(pool, task, { ...shared, startedAt: new Date().toISOString(), event: { turn, attempt } })
        }
        case 'tool': {
          if (task === undefined) return undefined
          const key = { attempt: task.attempt, turn: 1, n: ++turn }
          const ask = { kind: 'tool', name: 't', most: { ...NO_SPEND, toolCalls: 1 } } as const
          const ledger = { key: `${task.idx}/${task.fence}/${turn}`, ask }
          const call = { ...key, ...ledger, callId: '', effectId: '', tool: 't', arguments: {} }
          if ((await beginToolCall(pool, task, call)).status !== 'begun') return undefined
          return finishToolCall(pool, task, { ...key, status: 'succeeded', result: '', event: { tool: 't' } })
        }
      }
    }
    for (const move of moves) await one(move)
  }

  /** Takes what is left to its end: leases run out, and whatever can be claimed is claimed and completed. */
  async function drain(runId: number): Promise<void> {
    for (let round = 0; (await readRun(record.pool, runId)).status === 'executing'; round++) {
      expect(round).toBeLessThan(50)
      await record.pool.query(LAPSE, [runId])
      await sweep(record.pool, { after: runId - 1, limit: 1, ready: true, deep: false, maxRecoveries: 100 })
      const refs = (await statuses(record.pool, runId)).map((_, idx) => ({ runId, idx }))
      const { claimed } = await record.step({ claims: refs })
      await record.step({ settlements: claimed.map((task) => settle(task, 'complete', { judged: task.judge })) })
    }
  }

  const verb = fc.constantFrom<Verb>('complete', 'complete', 'complete', 'fail', 'retry', 'verify', 'revise', 'release')
  const cap = fc.nat({ max: 2 })
  const move: fc.Arbitrary<Move> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('claim' as const), idx: fc.nat({ max: 9 }), cap }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('settle' as const), verb, cap, stale: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('turn', 'tool', 'lapse', 'sweep', 'beat') }) },
  )
  const writers = fc.array(fc.array(move, { minLength: 4, maxLength: 12, size: 'max' }), { minLength: 8, maxLength: 8 })

  /** Seeds that have found something stay here. */
  const SEEDS: readonly number[] = []

  it.each([...SEEDS, Math.floor(Math.random() * 2 ** 31)])(
    'leave a sound history without gaps, and a run that comes to its end; seed %i',
    async (seed) => {
      await fc.assert(
        fc.asyncProperty(arbitraryGraph(10), writers, async (deps, moves) => {
          const runId = await record.plant(deps.map((own) => ({ deps: own })))
          await Promise.all(moves.map((own, i) => write(engines[i % 2] as pg.Pool, runId, `w${i}`, own)))
          await expectSoundHistory(record.pool, runId)
          await drain(runId)
          await expectSoundHistory(record.pool, runId)
          const log = await readLog(record.pool, runId)
          expect(log.at(-1)?.type).toBe('run.verifying')
        }),
        { seed, numRuns: 20 },
      )
    },
  )
})
