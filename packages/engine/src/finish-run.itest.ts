import { claimRun, inWorkspace, readReport, readRun, readUnlearned, type RunClaim } from '@flotilla/db'
import type { PlanTaskInput } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun } from './cancel-run.ts'
import { judged, openRuns, type Runs } from './testing/run-fixture.ts'
import { runState, told, types } from './testing/run-reads.ts'

let runs: Runs
beforeAll(async () => {
  runs = await openRuns()
})
afterAll(() => runs.close())

const task = (key: string, more: Partial<PlanTaskInput> = {}): PlanTaskInput => ({
  key,
  role: 'writer',
  type: 'letter',
  instructions: `Do ${key}`,
  ...more,
})
const uidOf = async (runId: number): Promise<string> =>
  (await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])).rows[0]?.uid ?? ''

/** A run whose tasks are all over. */
async function worked(tasks: readonly PlanTaskInput[], result: string | null = null): Promise<number> {
  const runId = await runs.submit({ goal: 'Write a letter', plan: { tasks: [...tasks], result } })
  await runs.plan(runId)
  await runs.work(runId)
  return runId
}

describe('finishing', () => {
  it('gives a run its result, its quality and a report, and its last event', async () => {
    runs.say({ judge: () => ({ text: judged(0.9) }) })
    const verify = [{ judge: 'It is good', threshold: 0.5 }]
    const runId = await worked([task('a'), task('b', { dependsOn: ['a'], verify })])
    await runs.finish(runId)
    const uid = await uidOf(runId)
    const { run, report } = await inWorkspace(runs.app, 1, async (tx) => ({
      run: await readRun(tx, uid),
      report: await readReport(tx, runId),
    }))
    expect(run).toMatchObject({ status: 'completed', error: null, progress: { completed: 2, percent: 100 } })
    expect(run?.result).toMatchObject({ text: expect.stringContaining('the result of b') })
    expect(run?.quality?.score).toBeGreaterThan(0.8)
    expect(run?.finishedAt).not.toBeNull()
    expect(report?.markdown).toContain('Write a letter')
    expect(report?.json).toMatchObject({
      runId: uid,
      status: 'completed',
      tasks: [{ key: 'a' }, { key: 'b', score: 0.9 }],
    })
    expect((await types(runs, runId)).slice(-2)).toEqual(['run.verifying', 'run.completed'])
    expect(await readUnlearned(runs.db, 10)).toContain(runId)
  })

  it('takes no task that has no criteria for verified', async () => {
    runs.say({})
    const verify = [{ rule: 'minLength' as const, value: 1 }]
    const partsOf = async (tasks: readonly PlanTaskInput[]): Promise<string[]> => {
      const runId = await worked(tasks)
      await runs.finish(runId)
      const run = await inWorkspace(runs.app, 1, async (tx) => readRun(tx, await uidOf(runId)))
      return Object.keys(run?.quality?.parts ?? {}).toSorted()
    }
    expect(await partsOf([task('a')])).toEqual(['completion', 'revisions'])
    expect(await partsOf([task('a'), task('b', { verify })])).toEqual(['completion', 'revisions', 'verification'])
  })

  it('takes the result from the task that the plan names', async () => {
    runs.say({})
    const runId = await worked([task('a'), task('b', { dependsOn: ['a'] })], 'a')
    await runs.finish(runId)
    const uid = await uidOf(runId)
    const run = await inWorkspace(runs.app, 1, (tx) => readRun(tx, uid))
    expect(run?.result?.text).toContain('the result of a')
    expect(run?.result?.text).not.toContain('the result of b')
  })

  it('of a run whose optional task failed completes it, by what there is', async () => {
    const failure = { code: 'model_refused' as const, message: 'will not' }
    runs.say({ task: (key) => (key === 'b' ? { failure } : { text: `the result of ${key}` }) })
    const tasks = [task('a'), task('b', { dependsOn: ['a'], optional: true }), task('c', { dependsOn: ['b'] })]
    const runId = await worked(tasks)
    await runs.finish(runId)
    const uid = await uidOf(runId)
    const run = await inWorkspace(runs.app, 1, (tx) => readRun(tx, uid))
    expect(run).toMatchObject({ status: 'completed', error: null, progress: { completed: 2, failed: 1, percent: 100 } })
    expect(run?.result?.text).toContain('the result of c')
    const last = runs.calls().findLast(({ request }) => JSON.stringify(request.messages).includes('Do c'))
    expect(JSON.stringify(last?.request.messages)).not.toContain('the result of b')
  })

  it('of a run with failed tasks says which failed first and why, and keeps what there is', async () => {
    const failure = { code: 'model_refused' as const, message: 'will not' }
    runs.say({ task: (key) => (key === 'b' ? { failure } : { text: `the result of ${key}` }) })
    const runId = await worked([task('a'), task('b'), task('c', { dependsOn: ['b'] })])
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({
      status: 'failed',
      live: false,
      error: { code: 'model_refused', taskKey: 'b', message: expect.stringMatching(/^task "b" failed: .*will not/) },
    })
    const uid = await uidOf(runId)
    const run = await inWorkspace(runs.app, 1, (tx) => readRun(tx, uid))
    expect(run?.result?.text).toContain('the result of a')
    expect((await told(runs, runId)).at(-1)).toMatchObject({ type: 'run.failed', data: { error: { taskKey: 'b' } } })
  })

  it('is done once, however many are woken for it', async () => {
    runs.say({})
    const runId = await worked([task('a')])
    await Promise.all(Array.from({ length: 4 }, () => runs.finish(runId)))
    await runs.finish(runId)
    expect((await types(runs, runId)).filter((type) => type === 'run.completed')).toHaveLength(1)
    expect(await runState(runs, runId)).toMatchObject({ status: 'completed', holder: null })
  })

  it('has nothing to do while the run executes', async () => {
    runs.say({})
    const runId = await runs.submit({ plan: { tasks: [task('a')] } })
    await runs.plan(runId)
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'executing' })
  })

  it('of a finisher that was lost is taken over', async () => {
    runs.say({})
    const runId = await worked([task('a')])
    const lost = await claimRun(runs.db, { runId, phase: 'finish', worker: 'lost', leaseMs: 60_000 })
    expect(lost).toMatchObject({ status: 'verifying' } satisfies Partial<RunClaim>)
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying' })
    await runs.hurry(runId)
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'completed' })
  })
})

describe('learning', () => {
  const stats = async () =>
    (
      await runs.pool.query<{ runs: number; successes: number; scored: number }>(
        `select s.runs, s.successes, s.scored from flotilla.agent_stats s join flotilla.agents a on a.id = s.agent_id
         where s.task_type = 'letter' and s.role = 'writer' and a.name = 'Writer'`,
      )
    ).rows[0] ?? { runs: 0, successes: 0, scored: 0 }

  it('adds what a finished run says of its agents, once, however many do it', async () => {
    const failure = { code: 'model_refused' as const, message: 'will not' }
    runs.say({ task: (key) => (key === 'bad' ? { failure } : { text: 'good' }), judge: () => ({ text: judged(1) }) })
    const before = await stats()
    const runId = await worked([
      task('good', { verify: [{ judge: 'It is good', threshold: 0.5 }] }),
      task('bad'),
      task('never', { dependsOn: ['bad'] }),
    ])
    await runs.learn(runId)
    expect(await stats()).toEqual(before)
    await runs.finish(runId)
    await Promise.all([runs.learn(runId), runs.learn(runId), runs.learn(runId)])
    await runs.learn(runId)
    expect(await stats()).toEqual({ runs: before.runs + 2, successes: before.successes + 1, scored: before.scored + 1 })
    expect(await readUnlearned(runs.db, 100)).not.toContain(runId)
  })

  it('takes nothing from tasks that failed since the budget was used up, at their work or at their judgement', async () => {
    const usage = { inputTokens: 6_000, outputTokens: 500 }
    runs.say({ task: () => ({ text: 'done', usage }), judge: () => ({ text: judged(1) }) })
    const before = await stats()
    const good = task('good')
    const verify = [{ judge: 'It is good', threshold: 0.5 }]
    const tasks = [good, task('late', { dependsOn: ['good'] }), task('unjudged', { verify, budget: { tokens: 6_600 } })]
    const runId = await runs.submit({
      goal: 'Write a letter',
      plan: { tasks, result: null },
      budget: { tokens: 14_000, onExceeded: 'fail' },
    })
    await runs.plan(runId)
    await runs.work(runId)
    await runs.finish(runId)
    const { rows } = await runs.pool.query<{ status: string }>(
      'select status from flotilla.tasks where run_id = $1 order by idx',
      [runId],
    )
    expect(rows.map(({ status }) => status)).toEqual(['completed', 'failed', 'failed'])
    await runs.learn(runId)
    expect(await stats()).toEqual({ ...before, runs: before.runs + 1, successes: before.successes + 1 })
  })

  it('from a cancelled run takes only what had ended by itself', async () => {
    runs.say({})
    const before = await stats()
    const runId = await runs.submit({ plan: { tasks: [task('a'), task('b', { dependsOn: ['a'] })] } })
    await runs.plan(runId)
    const ref = { workspaceId: 1, runId: await uidOf(runId) }
    await cancelRun({ db: runs.app, hints: runs.deps.hints }, ref)
    await runs.learn(runId)
    expect(await stats()).toEqual(before)
    expect(await readUnlearned(runs.db, 100)).not.toContain(runId)
  })
})
