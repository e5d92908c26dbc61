import type { Dispatch, Plan, RunStatus } from '@flotilla/domain'
import { NO_USAGE, RUN_STATUSES } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeRun, openRecord, type Soil, type TestRecord } from '../testing/record-fixture.ts'
import { readLog, readRun, readTasks } from '../testing/record-reads.ts'
import { claimRun, handBackRuns, heartbeatRuns, type RunClaim, type RunPhase } from './claims.ts'
import { expandRun, type ExpandTask } from './expand.ts'
import { finishRun } from './finish.ts'
import { acceptPlan, failPlanning, postponePlanning, recordAnalysis, recordPlan } from './planning.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const claimAs = (worker: string, runId: number, phase: RunPhase = 'plan'): Promise<RunClaim | null> =>
  claimRun(record.db, { runId, phase, worker, leaseMs: 60_000 })

async function plant(soil: Partial<Soil>): Promise<number> {
  const runId = await record.plant([], { expanded: false, ...soil })
  await describeRun(record, runId)
  return runId
}

/** A run whose planning `w1` has claimed. */
async function claimed(soil: Partial<Soil> = {}, phase: RunPhase = 'plan'): Promise<RunClaim> {
  const claim = await claimAs('w1', await plant({ status: 'created', ...soil }), phase)
  if (claim === null) throw new Error('the run could not be claimed')
  return claim
}

describe('a claim of a run', () => {
  it.each([
    ['plan', false, ['created', 'planning', 'executing']],
    ['plan', true, ['created', 'planning']],
    ['finish', false, ['verifying']],
    ['finish', true, ['verifying']],
  ] as const)('to %s it, expanded: %s, is had while it is one of %j', async (phase, expanded, allowed) => {
    const had: RunStatus[] = []
    for (const status of RUN_STATUSES) {
      const runId = await plant({ status, expanded })
      const claim = await claimAs('w1', runId, phase)
      if (claim === null) expect(await readRun(record.pool, runId)).toMatchObject({ status, fence: 0, holder: null })
      else {
        had.push(status)
        const now = status === 'created' ? 'planning' : status
        expect(claim).toMatchObject({ runId, fence: 1, tries: 1, status: now, expanded })
        expect(await readRun(record.pool, runId)).toMatchObject({
          status: now,
          fence: 1,
          holder: 'w1',
          dueWithinMs: 60_000,
        })
      }
    }
    expect(had).toEqual(allowed)
  })

  it('is told only when planning begins', async () => {
    const { runId } = await claimed()
    expect(await readLog(record.pool, runId)).toMatchObject([{ seq: 1, type: 'run.planning', data: { worker: 'w1' } }])
  })

  it('is had by one of many', async () => {
    const runId = await plant({ status: 'created' })
    const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => claimAs(`w${i}`, runId)))
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1)
  })

  it('that is held is refused to others until its lease runs out, and then taken over under a new fence', async () => {
    const first = await claimed()
    expect(await claimAs('w2', first.runId)).toBeNull()
    await record.pool.query('update flotilla.runs set due = clock_timestamp() where id = $1', [first.runId])
    expect(await claimAs('w2', first.runId)).toMatchObject({ fence: 2, tries: 2 })
    expect(await readLog(record.pool, first.runId)).toHaveLength(1)
    expect(await heartbeatRuns(record.db, [first], 1_000)).toEqual([first.runId])
  })

  it('is renewed by heartbeat while it is held', async () => {
    const claim = await claimed()
    expect(await heartbeatRuns(record.db, [claim, { runId: claim.runId + 1_000_000, fence: 1 }], 9_000)).toEqual([
      claim.runId + 1_000_000,
    ])
    expect(await readRun(record.pool, claim.runId)).toMatchObject({ dueWithinMs: 10_000 })
  })
})

describe('planning that is put off', () => {
  it('is not begun before its time, whoever is woken for it', async () => {
    const claim = await claimed()
    expect(await postponePlanning(record.db, claim, { delayMs: 30_000, turns: [], usage: NO_USAGE })).toBe(true)
    expect(await claimAs('w2', claim.runId)).toBeNull()
    expect(await readRun(record.pool, claim.runId)).toMatchObject({ status: 'planning', dueWithinMs: 30_000 })
    await record.pool.query('update flotilla.runs set due = clock_timestamp() where id = $1', [claim.runId])
    expect(await claimAs('w2', claim.runId)).toMatchObject({ tries: 2 })
  })

  it('is not kept by a heartbeat of its last holder', async () => {
    const claim = await claimed()
    await postponePlanning(record.db, claim, { delayMs: 4_000, turns: [], usage: NO_USAGE })
    await heartbeatRuns(record.db, [claim], 60_000)
    expect(await readRun(record.pool, claim.runId)).toMatchObject({ dueWithinMs: 5_000 })
  })

  it('by a planner that goes may be taken up at once; what it spent is counted', async () => {
    const claim = await claimed()
    const usage = { ...NO_USAGE, inputTokens: 10, outputTokens: 5, modelCalls: 1 }
    const turns = [{ model: 'm', request: {}, reply: {}, usage }]
    await postponePlanning(record.db, claim, { delayMs: 0, turns, usage })
    const again = await claimAs('w2', claim.runId)
    expect(again).toMatchObject({ tries: 2 })
    await postponePlanning(record.db, again as RunClaim, { delayMs: 0, turns, usage })
    expect(await readRun(record.pool, claim.runId)).toMatchObject({ inputTokens: 20, modelCalls: 2 })
    const { rows } = await record.pool.query('select turn from flotilla.planner_turns where run_id = $1', [claim.runId])
    expect(rows).toHaveLength(2)
  })

  it('by a planner that is interrupted counts as no try', async () => {
    const claim = await claimed()
    await postponePlanning(record.db, claim, { delayMs: 0, turns: [], usage: NO_USAGE, interrupted: true })
    expect(await claimAs('w2', claim.runId)).toMatchObject({ tries: 1 })
  })
})

describe('claims handed back', () => {
  it('are due at once, count as no try, and refuse what their holder writes later', async () => {
    const claim = await claimed()
    expect(await handBackRuns(record.db, [claim, { runId: claim.runId, fence: 0 }])).toEqual([
      { runId: claim.runId, priority: 5, phase: 'plan' },
    ])
    expect(await handBackRuns(record.db, [claim])).toEqual([])
    expect(await postponePlanning(record.db, claim, { delayMs: 0, turns: [], usage: NO_USAGE })).toBe(false)
    expect(await claimAs('w2', claim.runId)).toMatchObject({ tries: 1 })
  })
})

const dispatch: Dispatch = { kind: 'generated', template: null, reason: '', planner: 'm', repairs: 0, simulated: false }
const spec = { key: 'a', role: 'writer', instructions: '' } as Plan['tasks'][number]
const plan: Plan = { tasks: [spec], result: null }
const analysis = { type: 'general', confidence: 1, complexity: 'low', by: 'rules' } as never
const expandTask: ExpandTask = {
  idx: 0,
  deps: [],
  outs: [],
  spec,
  title: '',
  type: 'general',
  agentId: null,
  selection: { agent: 'writer', model: 'm' } as never,
}
const recorded = { plan, madeBy: 'm', dispatch, turns: [], usage: NO_USAGE, simulated: false }
const failure = { code: 'plan_invalid' as const, message: 'no' }

type Write = readonly [string, RunPhase, Partial<Soil>, (claim: RunClaim) => Promise<unknown>]
const WRITES: readonly Write[] = [
  ['recordAnalysis', 'plan', {}, (claim) => recordAnalysis(record.db, claim, { analysis, usage: NO_USAGE })],
  ['recordPlan', 'plan', {}, (claim) => recordPlan(record.db, claim, recorded)],
  ['acceptPlan', 'plan', {}, (claim) => acceptPlan(record.db, claim, dispatch, 1, false)],
  ['failPlanning', 'plan', {}, (claim) => failPlanning(record.db, claim, { failure, turns: [], usage: NO_USAGE })],
  [
    'postponePlanning',
    'plan',
    {},
    (claim) => postponePlanning(record.db, claim, { delayMs: 0, turns: [], usage: NO_USAGE }),
  ],
  ['expandRun', 'plan', {}, (claim) => expandRun(record.db, { ...claim, planVersion: 1, tasks: [expandTask] })],
  [
    'finishRun',
    'finish',
    { status: 'verifying', expanded: true },
    (claim) =>
      finishRun(record.db, {
        ...claim,
        status: 'completed',
        result: null,
        quality: null,
        report: { json: {}, markdown: '' },
        error: null,
        simulated: false,
      }),
  ],
]

describe.each(WRITES)('%s', (_, phase, soil, write) => {
  it('is refused without the fence, and changes nothing', async () => {
    const claim = await claimed(soil, phase)
    const before = [await readRun(record.pool, claim.runId), await readLog(record.pool, claim.runId)]
    for (const fence of [claim.fence - 1, claim.fence + 1]) expect(await write({ ...claim, fence })).toBeFalsy()
    expect([await readRun(record.pool, claim.runId), await readLog(record.pool, claim.runId)]).toEqual(before)
    expect(await readTasks(record.pool, claim.runId)).toEqual([])
    expect(await write(claim)).toBeTruthy()
  })

  it('is refused in a run that has ended meanwhile', async () => {
    const claim = await claimed(soil, phase)
    await record.pool.query(`update flotilla.runs set status = 'cancelled', live = false where id = $1`, [claim.runId])
    expect(await write(claim)).toBeFalsy()
    expect(await readRun(record.pool, claim.runId)).toMatchObject({ status: 'cancelled' })
  })

  it('numbers its events on', async () => {
    const claim = await claimed(soil, phase)
    await write(claim)
    const log = await readLog(record.pool, claim.runId)
    expect(log.map((event) => event.seq)).toEqual(log.map((_event, i) => i + 1))
    expect(await readRun(record.pool, claim.runId)).toMatchObject({ seq: log.length })
  })
})

describe('what planning leaves', () => {
  const spare = async (start: boolean): Promise<RunClaim> => {
    const runId = await plant({ status: 'created' })
    await record.pool.query('update flotilla.runs set auto_start = $2 where id = $1', [runId, start])
    return (await claimAs('w1', runId)) as RunClaim
  }

  it('is a rested run, where it is not to start by itself', async () => {
    const claim = await spare(false)
    expect(await recordPlan(record.db, claim, recorded)).toEqual({ version: 1, rest: true })
    expect(await readRun(record.pool, claim.runId)).toMatchObject({
      status: 'awaiting_approval',
      holder: null,
      tries: 0,
      dueWithinMs: null,
    })
    const log = await readLog(record.pool, claim.runId)
    expect(log.map((event) => event.type)).toEqual(['run.planning', 'run.plan_ready', 'run.awaiting_approval'])
  })

  it('is a run that executes: its roots ready, each step of it told in order', async () => {
    const claim = await spare(true)
    await recordPlan(record.db, claim, recorded)
    const tasks = [
      expandTask,
      { ...expandTask, idx: 1, spec: { ...spec, key: 'b' } },
      { ...expandTask, idx: 2, deps: [0], spec: { ...spec, key: 'c' } },
    ]
    const input = { ...claim, priority: 3, planVersion: 1, tasks }
    expect(await expandRun(record.db, input)).toBe(true)
    expect(await expandRun(record.db, input)).toBe(false)
    expect(await readRun(record.pool, claim.runId)).toMatchObject({
      status: 'executing',
      total: 3,
      todo: 3,
      holder: null,
      tries: 0,
    })
    expect((await readTasks(record.pool, claim.runId)).map((task) => task.status)).toEqual([
      'ready',
      'ready',
      'pending',
    ])
    const log = await readLog(record.pool, claim.runId)
    expect(log.map((event) => `${event.type} ${event.idx}`)).toEqual([
      'run.planning null',
      'run.plan_ready null',
      'run.started null',
      'task.ready 0',
      'task.ready 1',
    ])
  })
})
