import { inWorkspace, releaseLostCalls, setBudgetLimits, step } from '@flotilla/db'
import { costUsd } from '@flotilla/llm'
import { afterEach, describe, expect, it } from 'vitest'
import { resumeRun } from '../resume-run.ts'
import { openPaidRuns, paidTask, PRICE, runPaid, workOff, type PaidRuns } from '../testing/paid-runs.ts'
import { runState, taskStates, told } from '../testing/run-reads.ts'

let runs: PaidRuns
afterEach(() => runs.close())

type Call = Readonly<{
  name: string
  status: string
  held: number
  charged: number
  over: number
  from: Date
  to: Date
}>
const callsOf = async (runId: number): Promise<Call[]> =>
  (
    await runs.pool.query<Call>(
      `select name, status, cost_usd_reserved as held, cost_usd_charged as charged, cost_usd_over as over, reserved_at as from,
         ended_at as to from flotilla.budget_calls where run_id = $1 and kind = 'model' order by reserved_at`,
      [runId],
    )
  ).rows
const accountOf = async (runId: number) =>
  (
    await runs.pool.query<{ held: number; spent: number }>(
      `select cost_usd_reserved as held, cost_usd_settled as spent from flotilla.budgets where run_id = $1 and level = 'run'`,
      [runId],
    )
  ).rows[0]

/** The most that was held and spent together at any moment. */
function highest(calls: readonly Call[]): number {
  const moves = calls.flatMap(({ from, to, held, charged }) => [
    { at: from.getTime(), by: held, first: 1 },
    { at: to.getTime(), by: charged - held, first: 0 },
  ])
  let [sum, top] = [0, 0]
  for (const { by } of moves.toSorted((a, b) => a.at - b.at || a.first - b.first)) top = Math.max(top, (sum += by))
  return top
}

/** What the provider has seen, at these prices. */
const providerUsd = (): number =>
  runs.server.journal.entries.reduce((sum, { tokens }) => {
    if (tokens === null) return sum
    const usage = {
      inputTokens: tokens.input + tokens.cached + tokens.written,
      cachedInputTokens: tokens.cached,
      cacheWriteTokens: tokens.written,
      outputTokens: tokens.output,
      reasoningTokens: 0,
    }
    return sum + costUsd(PRICE, usage)
  }, 0)

const ANSWER = { text: 'All is well with the fleet. '.repeat(85) }

describe('fifty tasks side by side on a run of $1', () => {
  it('never settle or reserve past it, and the provider sees no call that would', async () => {
    runs = await openPaidRuns({ rules: [() => ANSWER] })
    const tasks = Array.from({ length: 50 }, (_, n) => paidTask(`t${n}`))
    const runId = await runPaid(runs, tasks, { costUsd: 1, onExceeded: 'fail' })
    const calls = await callsOf(runId)
    const states = await taskStates(runs, runId)
    const completed = states.filter(({ status }) => status === 'completed').length
    const account = await accountOf(runId)
    expect(account?.held).toBe(0)
    expect(account?.spent).toBeLessThanOrEqual(1)
    expect(account?.spent).toBeGreaterThan(0.7)
    // Those that wait for others' holds do not fail for them: failures begin when the money is really spent.
    expect(completed).toBeGreaterThan(10)
    expect(states.filter(({ status }) => status === 'failed')).toHaveLength(50 - completed)
    expect(highest(calls)).toBeLessThanOrEqual(1 + 1e-9)
    // Each call of the provider's journal is in the ledger once, with what it cost.
    expect(calls.map(({ status, over }) => [status, over])).toEqual(calls.map(() => ['settled', 0]))
    expect(runs.server.journal.totals()).toMatchObject({ calls: calls.length, answered: completed })
    expect(providerUsd()).toBeCloseTo(account?.spent ?? 0, 9)
    expect(calls.reduce((sum, { charged }) => sum + charged, 0)).toBeCloseTo(account?.spent ?? 0, 9)
    // A wait is no try.
    const { rows } = await runs.pool.query<{ tries: number }>(
      'select max(tries) as tries from flotilla.tasks where run_id = $1',
      [runId],
    )
    expect(rows[0]?.tries).toBeLessThanOrEqual(1)
  }, 60_000)
})

describe('the same plan, on a budget that is too small', () => {
  /** A chain, a task beside it that may be left out, and one that needs both, which is judged. */
  const chain = Array.from({ length: 6 }, (_, n) => paidTask(`t${n}`, n === 0 ? {} : { dependsOn: [`t${n - 1}`] }))
  const judged = { judge: 'Says that all is well', samples: 3 } as const
  const tasks = [
    ...chain,
    paidTask('extra', { dependsOn: ['t5'], optional: true }),
    paidTask('last', { dependsOn: ['t5', 'extra'], verify: [judged] }),
  ]
  const small = 0.24
  /** The first answer alone takes more than 80 % of it. */
  const LONG = { text: 'All is well with the fleet. '.repeat(560) }
  const isJudge = (text: string): boolean => text.includes(judged.judge) && text.includes('VERIFIER')
  const open = async (): Promise<void> => {
    runs = await openPaidRuns({
      rules: [
        ({ text }, nth) =>
          isJudge(text)
            ? { text: JSON.stringify({ rationale: 'It does.', score: 0.9 }) }
            : nth === 1
              ? LONG
              : { text: 'Well.' },
      ],
    })
  }
  const events = async (runId: number, type: string) => (await told(runs, runId)).filter((event) => event.type === type)
  const statusOf = async (runId: number) =>
    Object.fromEntries((await taskStates(runs, runId)).map(({ key, status }) => [key, status]))

  it('degrade: ends completed by a cheaper model, one sample and without what is optional', async () => {
    await open()
    const runId = await runPaid(runs, tasks, { costUsd: small, onExceeded: 'degrade' })
    const { extra, ...rest } = await statusOf(runId)
    expect([extra, new Set(Object.values(rest))]).toEqual(['skipped', new Set(['completed'])])
    const calls = await callsOf(runId)
    expect(calls.map(({ name }) => name)).toEqual([
      'anthropic:claude-dear',
      ...Array.from({ length: 7 }, () => 'anthropic:claude-small'),
    ])
    expect((await accountOf(runId))?.spent).toBeLessThanOrEqual(small)
    const degraded = await events(runId, 'budget.degraded')
    for (const { data } of degraded)
      expect(data).toMatchObject({
        reason: expect.stringContaining("the run's budget of $0.24"),
        budget: { level: 'run', dimension: 'costUsd', limit: small },
      })
    const model = { what: 'model', from: 'anthropic:claude-dear', to: 'anthropic:claude-small' }
    const changed = degraded.map(({ key, data }) => [key, data['changed']])
    expect(changed).toContainEqual(['t1', [model]])
    expect(changed).toContainEqual(['extra', [{ what: 'optional_task', task: 'extra' }]])
    expect(changed).toContainEqual(['last', [{ what: 'judge_samples', criterion: judged.judge, from: 3, to: 1 }]])
    expect((await events(runId, 'task.skipped'))[0]).toMatchObject({
      key: 'extra',
      data: { reason: expect.stringContaining('left out to save'), budget: { limit: small } },
    })
    expect(await events(runId, 'budget.exceeded')).toEqual([])
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'completed', error: null })
  })

  it('pause: rests until it is topped up, and redoes nothing', async () => {
    await open()
    const runId = await runPaid(runs, tasks, { costUsd: small, onExceeded: 'pause' })
    expect(await runState(runs, runId)).toMatchObject({ status: 'paused' })
    expect(runs.server.journal.entries).toHaveLength(1)
    expect((await accountOf(runId))?.held).toBe(0)
    const [exceeded] = await events(runId, 'budget.exceeded')
    expect(exceeded?.data).toMatchObject({ policy: 'pause', budget: { level: 'run', limit: small, reserved: 0 } })
    expect((await events(runId, 'run.paused'))[0]?.data).toMatchObject({ by: 'budget' })
    const { rows } = await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
    await inWorkspace(runs.app, 1, (tx) => setBudgetLimits(tx, { workspaceId: 1, runId, idx: null }, { costUsd: 5 }))
    const wake = { plan: async () => {}, finish: async () => {}, tasks: async () => {} }
    await resumeRun({ db: runs.app, hints: runs.deps.hints, wake }, { workspaceId: 1, runId: rows[0]?.uid ?? '' })
    await workOff(runs, runId)
    expect(new Set(Object.values(await statusOf(runId)))).toEqual(new Set(['completed']))
    // One call for each task and three for the judge: none was made again.
    expect(runs.server.journal.entries).toHaveLength(tasks.length + 3)
    expect(await events(runId, 'budget.degraded')).toEqual([])
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'completed' })
  })

  it('fail: ends with what is done, and says why', async () => {
    await open()
    const runId = await runPaid(runs, tasks, { costUsd: small, onExceeded: 'fail' })
    const { t0, t1, ...rest } = await statusOf(runId)
    expect([t0, t1, new Set(Object.values(rest))]).toEqual(['completed', 'failed', new Set(['skipped'])])
    const [exceeded] = await events(runId, 'budget.exceeded')
    expect(exceeded?.data).toMatchObject({ policy: 'fail', budget: { level: 'run', dimension: 'costUsd' } })
    expect(await events(runId, 'budget.degraded')).toEqual([])
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({
      status: 'failed',
      error: { code: 'budget_exceeded', taskKey: 't1', message: expect.stringContaining("the run's budget of $0.24") },
    })
  })
})

it('a run without a budget saves too where its task, or the month, has one', async () => {
  runs = await openPaidRuns({ rules: [() => ANSWER] })
  const runId = await runs.submit({ plan: { tasks: [paidTask('a', { budget: { costUsd: 0.1 } })] } })
  await runs.plan(runId)
  await workOff(runs, runId)
  expect((await callsOf(runId)).map(({ name }) => name)).toEqual(['anthropic:claude-small'])
  expect(await taskStates(runs, runId)).toMatchObject([{ status: 'completed' }])
})

describe('a worker that is lost in a call', () => {
  it('has what it held given back, once its claim is', async () => {
    runs = await openPaidRuns({ rules: [() => ({ ...ANSWER, fault: 'silent' })] })
    const runId = await runs.submit({ plan: { tasks: [paidTask('a')] }, budget: { costUsd: 1 } })
    await runs.plan(runId)
    const shared = { settlements: [], cap: 0, served: null, leaseMs: 60_000, worker: 'w1' }
    const { claimed } = await step(runs.pool, { ...shared, claims: [{ runId, idx: 0 }] })
    const [task] = claimed
    const { admit } = runs.deps
    const most = { tokens: 10, costUsd: 0.4, toolCalls: 0, seconds: 1 }
    const ask = { kind: 'model', name: 'm', purpose: 'task', most } as const
    await admit([], { runId, idx: 0, fence: task?.fence ?? 0, key: 'lost', ...ask })
    expect(await accountOf(runId)).toEqual({ held: 0.4, spent: 0 })
    expect(await releaseLostCalls(runs.pool, 10)).toBe(0)
    await runs.pool.query('update flotilla.tasks set fence = fence + 1 where run_id = $1', [runId])
    expect(await releaseLostCalls(runs.pool, 10)).toBe(1)
    expect(await accountOf(runId)).toEqual({ held: 0, spent: 0 })
  })
})
