import { step, sweep, type ClaimedTask, type Settlement } from '@flotilla/db'
import type { PlanTaskInput, RunStatus } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun } from './cancel-run.ts'
import { HeldClaims } from './held-claims.ts'
import { tellLate } from './late-usage.ts'
import { pauseRun } from './pause-run.ts'
import { resumeRun } from './resume-run.ts'
import { runTask } from './run-task.ts'
import { openRuns, planned, type Runs } from './testing/run-fixture.ts'
import { runState, taskStates, types } from './testing/run-reads.ts'

let runs: Runs
beforeAll(async () => {
  runs = await openRuns()
})
afterAll(() => runs.close())

const usage = { inputTokens: 100, outputTokens: 10 }
const asleep = { plan: async () => {}, finish: async () => {}, tasks: async () => {} }
const ref = async (runId: number) => {
  const { rows } = await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
  return { workspaceId: 1, runId: rows[0]?.uid ?? '' }
}
const deps = () => ({ db: runs.app, hints: runs.deps.hints, wake: asleep })
const pause = async (runId: number) => expect(await pauseRun(deps(), await ref(runId))).toMatchObject({ ok: true })
const resume = async (runId: number) => expect(await resumeRun(deps(), await ref(runId))).toMatchObject({ ok: true })
const cancel = async (runId: number) => expect(await cancelRun(deps(), await ref(runId))).toMatchObject({ ok: true })

async function executing(...tasks: Partial<PlanTaskInput>[]): Promise<number> {
  const plan = tasks.map((task, i) => ({ key: `t${i}`, role: 'writer', instructions: 'Do it', ...task }))
  const runId = await runs.submit({ plan: { tasks: plan } })
  await runs.plan(runId)
  return runId
}
const shared = { cap: 0, served: null, leaseMs: 60_000, worker: 'w1' }
async function claim(runId: number): Promise<ClaimedTask> {
  const { claimed } = await step(runs.pool, { ...shared, settlements: [], claims: [{ runId, idx: 0 }] })
  return claimed[0] as ClaimedTask
}
async function settled(settlement: Settlement): Promise<boolean> {
  const result = await step(runs.pool, { ...shared, settlements: [settlement], claims: [] })
  await tellLate(runs.deps, [settlement], result)
  return result.settled.length === 1
}
const run = (task: ClaimedTask): Promise<Settlement> => runTask(runs.deps, task, new HeldClaims().hold(task))
const noted = { toolCalls: [{ name: 'write_artifact', arguments: { name: 'a.md', content: 'x' } }], usage }
const judged: PlanTaskInput['verify'] = [
  { judge: 'Is true', threshold: 0.5 },
  { judge: 'Is short', threshold: 0.5 },
]
const receiptOf = async (runId: number) => {
  const { rows } = await runs.pool.query<{ calls: number; late: Record<string, number> }>(
    'select calls, late from flotilla.cancellations where run_id = $1',
    [runId],
  )
  return rows[0]
}

describe('no model call begins once a control has committed', () => {
  it.each([
    ['pause', pause, true],
    ['cancel', cancel, false],
  ])('%s, of a task that was claimed before', async (_name, control, counts) => {
    runs.say({})
    const runId = await executing({})
    const task = await claim(runId)
    await control(runId)
    const settlement = await run(task)
    expect(settlement.verb).toBe('release')
    expect(await settled(settlement)).toBe(counts)
    expect(runs.calls()).toHaveLength(0)
  })

  it.each([
    ['pause', pause, true],
    ['cancel', cancel, false],
  ])('%s, of a judge', async (_name, control, counts) => {
    runs.say({})
    const runId = await executing({ verify: judged })
    expect(await settled(await run(await claim(runId)))).toBe(true)
    runs.say({ judge: () => ({ text: '{"rationale": "so", "score": 1}', usage, until: control(runId) }) })
    expect(await settled(await run(await claim(runId)))).toBe(counts)
    expect(runs.calls()).toHaveLength(1)
    expect((await runState(runs, runId)).modelCalls).toBe(2)
    expect((await taskStates(runs, runId))[0]?.status).toBe(counts ? 'to_verify' : 'cancelled')
    if (!counts) expect(await receiptOf(runId)).toMatchObject({ calls: 1, late: { inputTokens: 100, modelCalls: 1 } })
  })

  it.each([
    ['pause', pause],
    ['cancel', cancel],
  ])('%s, of a planner that would have its plan mended', async (_name, control) => {
    const runId = await runs.submit()
    runs.say({ plan: () => ({ text: planned({ a: ['a'] }), usage, until: control(runId) }) })
    await runs.plan(runId)
    expect(runs.calls()).toHaveLength(1)
    expect(await runState(runs, runId)).toMatchObject({ modelCalls: 1, tokens: 110 })
  })
})

describe('a pause', () => {
  it('between two criteria of a judge keeps what was judged', async () => {
    runs.say({})
    const runId = await executing({ verify: judged })
    expect(await settled(await run(await claim(runId)))).toBe(true)
    runs.say({ judge: () => ({ text: '{"rationale": "so", "score": 1}', until: pause(runId) }) })
    expect(await settled(await run(await claim(runId)))).toBe(true)
    await resume(runId)
    runs.say({ judge: () => ({ text: '{"rationale": "no", "score": 0.6}' }) })
    expect(await settled(await run(await claim(runId)))).toBe(true)
    expect(runs.calls()).toHaveLength(1)
    const { rows } = await runs.pool.query<{ findings: { criterion: string; score: number }[] }>(
      'select findings from flotilla.verdicts where run_id = $1',
      [runId],
    )
    expect(rows[0]?.findings.filter(({ criterion }) => criterion.startsWith('Is ')).map(({ score }) => score)).toEqual([
      1, 0.6,
    ])
  })

  it('lets the turn in flight end and count, and the conversation goes on with the next one', async () => {
    const runId = await executing({})
    runs.say({ task: (_key, n) => (n === 0 ? { ...noted, until: pause(runId) } : { text: 'all done', usage }) })
    const settlement = await run(await claim(runId))
    expect([settlement.verb, await settled(settlement)]).toEqual(['release', true])
    expect(await runs.work(runId)).toEqual([])
    expect(await runState(runs, runId)).toMatchObject({ status: 'paused', modelCalls: 1, tokens: 110 })
    await resume(runId)
    expect((await runs.work(runId)).map(({ kind, tries }) => [kind, tries])).toEqual([['continuation', 1]])
    expect(runs.calls()).toHaveLength(2)
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying', modelCalls: 2, tokens: 220 })
  })

  it('takes an answer that comes meanwhile, and finishes after the resume', async () => {
    const runId = await executing({})
    runs.say({ task: () => ({ text: 'all done', until: pause(runId) }) })
    expect(await settled(await run(await claim(runId)))).toBe(true)
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'paused' })
    await resume(runId)
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'completed' })
    expect((await types(runs, runId)).slice(-3)).toEqual(['run.resumed', 'run.verifying', 'run.completed'])
  })

  it('takes a plan that comes meanwhile, and its tasks start after the resume', async () => {
    const runId = await runs.submit()
    runs.say({ plan: () => ({ text: planned({ a: [], b: ['a'] }), until: pause(runId) }) })
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'paused', holder: null, planVersion: 1 })
    expect(await runs.work(runId)).toEqual([])
    await resume(runId)
    expect(await runs.work(runId)).toHaveLength(2)
  })

  it('of a planner burns none of its tries, and it plans after the resume', async () => {
    const runId = await runs.submit()
    runs.say({ plan: () => ({ text: planned({ a: ['a'] }), until: pause(runId) }) })
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'paused', holder: null, tries: 0 })
    await runs.plan(runId)
    expect(runs.calls()).toHaveLength(1)
    await resume(runId)
    runs.say({ plan: () => ({ text: planned({ a: [] }) }) })
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing' })
  })

  it.each<RunStatus>(['planning', 'executing'])('outlasts sweeps of a run that was %s', async (status) => {
    runs.say({ plan: () => ({ text: planned({ a: [] }) }) })
    const runId = await runs.submit()
    if (status === 'executing') await runs.plan(runId)
    await pause(runId)
    await runs.hurry(runId)
    const page = await sweep(runs.pool, { after: runId - 1, limit: 1, ready: true, deep: true, maxRecoveries: 5 })
    expect([...page.wake, ...page.plan, ...page.finish, ...page.recovered]).toEqual([])
    expect(await runState(runs, runId)).toMatchObject({ status: 'paused' })
  })
})

describe('a cancel', () => {
  it('has what was in flight told afterwards: on the run, the attempt and the receipt', async () => {
    const runId = await executing({})
    runs.say({ task: (_key, n) => ({ ...noted, ...(n === 1 ? { until: cancel(runId) } : {}) }) })
    const settlement = await run(await claim(runId))
    expect(await settled(settlement)).toBe(false)
    expect(runs.calls()).toHaveLength(2)
    expect(await runState(runs, runId)).toMatchObject({ status: 'cancelled', modelCalls: 2, tokens: 220 })
    expect(await receiptOf(runId)).toMatchObject({
      calls: 1,
      late: { inputTokens: 100, outputTokens: 10, modelCalls: 1 },
    })
    const { rows } = await runs.pool.query('select status, usage from flotilla.attempts where run_id = $1', [runId])
    expect(rows).toMatchObject([{ status: 'cancelled', usage: { inputTokens: 200, modelCalls: 2 } }])
    expect((await types(runs, runId)).at(-1)).toBe('run.cancelled')
  })

  it('has a planner tell, too', async () => {
    const runId = await runs.submit()
    runs.say({ plan: () => ({ text: planned({ a: [] }), usage, until: cancel(runId) }) })
    await runs.plan(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'cancelled', modelCalls: 1, tokens: 110 })
    expect(await receiptOf(runId)).toMatchObject({ calls: 1, late: { inputTokens: 100, modelCalls: 1 } })
  })
})
