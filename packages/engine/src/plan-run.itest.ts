import { claimRun, recordPlan, type RunClaim } from '@flotilla/db'
import { NO_USAGE, type Failure } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cancelRun } from './cancel-run.ts'
import { planRun } from './plan-run.ts'
import { RunLeases } from './run-leases.ts'
import { createRunRecord } from './run-record.ts'
import { startRun } from './start-run.ts'
import { openRuns, planned, type Runs } from './testing/run-fixture.ts'
import { runState, taskStates, told, types } from './testing/run-reads.ts'

let runs: Runs
beforeAll(async () => {
  runs = await openRuns()
})
beforeEach(() => {
  runs.hints.splice(0)
  runs.say({ plan: () => ({ text: PLAN }) })
})
afterAll(() => runs.close())

const PLAN = planned({ a: [], b: ['a'], c: ['a'] })
const limited: Failure = { code: 'model_rate_limited', message: 'too many requests', retryAfterMs: 20_000 }
const usage = { inputTokens: 100, outputTokens: 10 }
const PLANNED = ['run.created', 'run.planning', 'run.analyzed', 'run.plan_ready', 'run.started', 'task.ready']

/** A planner whose documents are prepared so. */
const preparing = (index: () => Promise<void>): Parameters<typeof planRun>[0] => ({
  ...runs.deps,
  knowledge: { ...runs.deps.knowledge, index },
  record: createRunRecord(runs.deps),
  producer: runs.producer,
  treeMax: 0,
  crowded: () => Promise.resolve(new Set<string>()),
  queueKind: 'postgres',
})

describe('planning', () => {
  it('takes a goal to tasks that can start', async () => {
    const runId = await runs.submit({ goal: 'Compare two things', documents: [{ name: 'a.md', content: '# A' }] })
    await runs.plan(runId)
    expect(await types(runs, runId)).toEqual(PLANNED)
    expect(await taskStates(runs, runId)).toEqual([
      { key: 'a', status: 'ready', deps: [], attempt: 0, agent: 'Writer', model: 'scripted:default' },
      { key: 'b', status: 'pending', deps: [0], attempt: 0, agent: 'Writer', model: 'scripted:default' },
      { key: 'c', status: 'pending', deps: [0], attempt: 0, agent: 'Writer', model: 'scripted:default' },
    ])
    const state = await runState(runs, runId)
    expect(state).toMatchObject({ status: 'executing', holder: null, planVersion: 1, modelCalls: 1, tries: 0 })
    expect(state.dispatch).toMatchObject({ planner: 'scripted:default', repairs: 0, reason: 'it is split well' })
    expect(runs.calls()).toHaveLength(1)
    expect(runs.indexed).toHaveLength(1)
    expect(await runs.producer.waiting(['writer'])).toBe(1)
    expect(runs.hints).toContainEqual({ runId })
    await runs.plan(runId)
    expect(runs.calls()).toHaveLength(1)
  })

  it('has paid what it used before it waits for documents', async () => {
    const runId = await runs.submit({ documents: [{ name: 'a.md', content: '# A' }] })
    const paid = async (): Promise<boolean> => {
      const { rows } = await runs.pool.query<{ status: string }>(
        'select status from flotilla.budget_calls where run_id = $1',
        [runId],
      )
      return rows.length > 0 && rows.every(({ status }) => status === 'settled')
    }
    const index = async (): Promise<void> => void (await until(paid, { what: 'the planner has paid' }))
    await planRun(preparing(index), runId, new RunLeases())
    expect(await types(runs, runId)).toEqual(PLANNED)
  })

  it('of a sequential run has each task wait for the one before it', async () => {
    const runId = await runs.submit({ mode: 'sequential' })
    await runs.plan(runId)
    expect((await taskStates(runs, runId)).map((task) => task.deps)).toEqual([[], [0], [0, 1]])
  })

  it('sends what is wrong with a plan back, and counts all that was spent', async () => {
    runs.say({ plan: (n) => ({ text: n === 0 ? planned({ a: ['a'] }) : PLAN, usage }) })
    const runId = await runs.submit()
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({
      status: 'executing',
      tokens: 220,
      modelCalls: 2,
      dispatch: { repairs: 1 },
    })
    const { rows } = await runs.pool.query('select turn from flotilla.planner_turns where run_id = $1', [runId])
    expect(rows).toHaveLength(2)
  })

  it('without a valid plan fails the run with the reason, as its last event', async () => {
    runs.say({ plan: () => ({ text: planned({ a: ['nowhere'] }), usage }) })
    const runId = await runs.submit()
    await runs.plan(runId)
    const state = await runState(runs, runId)
    expect(state).toMatchObject({
      status: 'failed',
      live: false,
      holder: null,
      tokens: 330,
      error: { code: 'plan_invalid' },
    })
    expect(state.error?.message).toContain('nowhere')
    expect((await told(runs, runId)).at(-1)).toMatchObject({
      type: 'run.failed',
      data: { error: { code: 'plan_invalid' } },
    })
  })

  it('rests where the run is not to start by itself, and goes on from the plan at a start', async () => {
    const runId = await runs.submit({ start: false })
    await runs.plan(runId)
    expect((await types(runs, runId)).slice(-2)).toEqual(['run.plan_ready', 'run.awaiting_approval'])
    expect(await taskStates(runs, runId)).toEqual([])
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'awaiting_approval' })
    const woken: number[] = []
    const started = await startRun(
      { db: runs.app, wake: { plan: async (id) => void woken.push(id) } },
      await ref(runId),
    )
    expect([started.ok, woken]).toEqual([true, [runId]])
    await runs.plan(runId)
    expect((await types(runs, runId)).slice(-2)).toEqual(['run.started', 'task.ready'])
    expect(runs.calls()).toHaveLength(1)
    expect(await taskStates(runs, runId)).toHaveLength(3)
  })

  it('takes a plan that came with the request as it is, and drafts an agent for a role that has none', async () => {
    const plan = {
      tasks: [
        { key: 'x', role: 'cook', instructions: 'Cook' },
        { key: 'y', role: 'writer', dependsOn: ['x'] },
      ],
    }
    const runId = await runs.submit({ plan })
    await runs.plan(runId)
    expect(runs.calls()).toEqual([])
    expect(await types(runs, runId)).toEqual(PLANNED)
    expect(await runState(runs, runId)).toMatchObject({
      planVersion: 1,
      dispatch: { kind: 'explicit', planner: 'request' },
    })
    const [cook] = await taskStates(runs, runId)
    const { rows } = await runs.pool.query('select name, origin from flotilla.agents where role = $1', ['cook'])
    expect(rows).toEqual([{ name: cook?.agent, origin: 'drafted' }])
    expect(runs.hints).toContainEqual({ roles: ['cook'] })
    const again = await runs.submit({ plan })
    runs.hints.splice(0)
    await runs.plan(again)
    expect(runs.hints.some((hint) => 'roles' in hint)).toBe(false)
  })
})

describe('a model that is away', () => {
  it('is asked again after the time that it names, not before, and then the run goes on', async () => {
    runs.say({ plan: (n) => (n === 0 ? { failure: limited } : { text: PLAN }) })
    const runId = await runs.submit()
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'planning', putOff: true, tries: 0 })
    await runs.plan(runId)
    expect(runs.calls()).toHaveLength(1)
    await runs.hurry(runId)
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing', tries: 0 })
    expect(runs.calls()).toHaveLength(2)
  })

  it('four times fails the run with what the model said', async () => {
    runs.say({ plan: () => ({ failure: { ...limited, code: 'model_overloaded' } }) })
    const runId = await runs.submit()
    for (let tries = 1; tries <= 4; tries++) {
      expect(await runState(runs, runId)).toMatchObject({ live: true, tries: tries - 1 })
      await runs.hurry(runId)
      await runs.plan(runId)
    }
    expect(await runState(runs, runId)).toMatchObject({ status: 'failed', error: { code: 'model_overloaded' } })
    expect(runs.calls()).toHaveLength(4)
    expect((await types(runs, runId)).filter((type) => type === 'run.failed')).toHaveLength(1)
  })

  it('after a repair has what the repair cost counted all the same', async () => {
    runs.say({ plan: (n) => (n === 1 ? { failure: limited } : { text: n === 0 ? 'no plan' : PLAN, usage }) })
    const runId = await runs.submit()
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'planning', tokens: 110 })
    await runs.hurry(runId)
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing', tokens: 220, modelCalls: 3 })
  })
})

describe('a planner', () => {
  it('asks nothing more once the budget of the run is used up', async () => {
    runs.say({ plan: () => ({ text: 'no plan', usage: { inputTokens: 18_000, outputTokens: 10 } }) })
    const runId = await runs.submit({ budget: { tokens: 20_000 } })
    await runs.plan(runId)
    expect(runs.calls()).toHaveLength(1)
    const state = await runState(runs, runId)
    expect(state).toMatchObject({ status: 'failed', tokens: 18_010, error: { code: 'budget_exceeded' } })
    expect(state.error?.message).toMatch(
      /^the run's budget of 20,000 tokens has 1,990 tokens left \(18,010 tokens spent, 0 tokens reserved\), and even the smallest useful call may need [\d,]+ tokens$/,
    )
  })

  it('asks nothing more once the run is cancelled, hint or no hint', async () => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    runs.say({ plan: () => (asked.resolve(), { text: 'no plan', until: answer.promise }) })
    const runId = await runs.submit()
    const planning = runs.plan(runId)
    await asked.promise
    await cancelRun({ db: runs.app, hints: { publish: () => {}, subscribe: () => () => {} } }, await ref(runId))
    answer.resolve()
    await planning
    expect(runs.calls()).toHaveLength(1)
    expect(await runState(runs, runId)).toMatchObject({ status: 'cancelled', planVersion: 0 })
    expect((await types(runs, runId)).at(-1)).toBe('run.cancelled')
  })

  it('that is shut down gives the run back: another takes it up at once', async () => {
    const asked = Promise.withResolvers<void>()
    runs.say({ plan: (n) => (n === 0 ? (asked.resolve(), { untilSignal: true }) : { text: PLAN }) })
    const runId = await runs.submit()
    const leases = new RunLeases()
    const planning = runs.plan(runId, leases)
    await asked.promise
    leases.stopAll('shutdown')
    await planning
    expect(await runState(runs, runId)).toMatchObject({ status: 'planning', holder: null, putOff: false })
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing' })
  })

  it('that was lost after it had recorded its plan leaves a plan that is neither made again nor called the user’s', async () => {
    const runId = await runs.submit()
    const claim = (await claimRun(runs.db, { runId, phase: 'plan', worker: 'lost', leaseMs: 60_000 })) as RunClaim
    const dispatch = {
      kind: 'generated' as const,
      template: null,
      reason: 'mine',
      planner: 'm',
      repairs: 0,
      simulated: false,
    }
    const tasks = [
      { key: 'z', role: 'writer', instructions: '', dependsOn: [], verify: [], timeoutSeconds: 9, maxAttempts: 3 },
    ]
    await recordPlan(runs.db, claim, {
      plan: { tasks } as never,
      madeBy: 'm',
      dispatch,
      turns: [],
      usage: NO_USAGE,
      simulated: false,
    })
    await runs.hurry(runId)
    await runs.plan(runId)
    expect(runs.calls()).toEqual([])
    expect((await taskStates(runs, runId)).map((task) => task.key)).toEqual(['z'])
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing', planVersion: 1, dispatch })
    expect((await types(runs, runId)).filter((type) => type === 'run.plan_ready')).toHaveLength(1)
  })

  it('that another has overtaken writes nothing', async () => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    runs.say({
      plan: (n) =>
        n === 0 ? (asked.resolve(), { text: planned({ late: [] }), until: answer.promise }) : { text: PLAN },
    })
    const runId = await runs.submit()
    const late = runs.plan(runId)
    await asked.promise
    await runs.hurry(runId)
    await runs.plan(runId)
    answer.resolve()
    await late
    expect((await taskStates(runs, runId)).map((task) => task.key)).toEqual(['a', 'b', 'c'])
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing', planVersion: 1 })
  })

  it('that breaks tries again later', async () => {
    const runId = await runs.submit({ documents: [{ name: 'a.md', content: 'text' }] })
    const broken = preparing(() => Promise.reject(new Error('the disk is full')))
    await expect(planRun(broken, runId, new RunLeases())).rejects.toThrow('the disk is full')
    expect(await runState(runs, runId)).toMatchObject({ status: 'planning', putOff: true })
    await runs.hurry(runId)
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing' })
  })
})

async function ref(runId: number): Promise<{ workspaceId: number; runId: string }> {
  const { rows } = await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
  return { workspaceId: 1, runId: rows[0]?.uid ?? '' }
}
