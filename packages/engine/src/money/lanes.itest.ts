import { readEndedRun } from '@flotilla/db'
import { createModelRegistry, createNoopProvider, DEFAULT_RETRY } from '@flotilla/llm'
import { afterEach, describe, expect, it } from 'vitest'
import { pauseRun } from '../pause-run.ts'
import { reconcileReads } from '../reconcile.ts'
import { resumeRun } from '../resume-run.ts'
import { openPaidRuns, paidTask, runPaid, workOff, type PaidRuns } from '../testing/paid-runs.ts'
import { runState, taskStates, told } from '../testing/run-reads.ts'
import { dropForeignWaits } from './drop-foreign-waits.ts'

let runs: PaidRuns
afterEach(() => runs.close())

const triesOf = async (runId: number) =>
  (
    await runs.pool.query<{ tries: number; wait: { laneId: string | null; times: number } | null }>(
      'select tries, wait from flotilla.tasks where run_id = $1 order by idx',
      [runId],
    )
  ).rows

describe('a provider that refuses', () => {
  it('closes its lane: the task is handed back without a try, and goes on when the lane opens', async () => {
    runs = await openPaidRuns()
    runs.server.script({ status: 429, retryAfter: 1, message: 'slow down' })
    const runId = await runs.submit({ plan: { tasks: [paidTask('a', { maxAttempts: 1 })] }, budget: { costUsd: 1 } })
    await runs.plan(runId)
    await runs.work(runId)
    expect(runs.server.journal.entries).toHaveLength(1)
    const [task] = await triesOf(runId)
    expect(task).toMatchObject({ tries: 1, wait: { times: 1 } })
    expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'ready' })
    const { rows } = await runs.pool.query<{ waits: boolean; told: boolean }>(
      `select t.not_before > a.finished_at as waits,
         (t.wait ->> 'until')::float8 = floor(extract(epoch from t.not_before) * 1000) as told
       from flotilla.tasks t join flotilla.attempts a using (run_id, idx) where run_id = $1`,
      [runId],
    )
    expect(rows[0]).toEqual({ waits: true, told: true })
    await workOff(runs, runId)
    expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'completed' })
    expect(await triesOf(runId)).toMatchObject([{ tries: 1 }])
    // While the lane was closed nothing reached the provider.
    expect(runs.server.journal.entries).toHaveLength(2)
    const types = (await told(runs, runId)).map(({ type }) => type)
    expect(types).not.toContain('task.retrying')
    expect(types).not.toContain('task.failed')
  })
})

describe('tasks that wait', () => {
  const wake = { plan: async () => {}, finish: async () => {}, tasks: async () => {} }
  const refOf = async (runId: number) => {
    const { rows } = await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
    return { workspaceId: 1, runId: rows[0]?.uid ?? '' }
  }
  const begin = async (): Promise<number> => {
    const runId = await runs.submit({ plan: { tasks: [paidTask('a')] }, budget: { costUsd: 1 } })
    await runs.plan(runId)
    await runs.work(runId)
    return runId
  }

  it('for a refused key go on with the resume, once the key is good', async () => {
    runs = await openPaidRuns()
    runs.server.script({ status: 401, message: 'no such key' })
    const refused = await begin()
    expect(await runState(runs, refused)).toMatchObject({ status: 'paused' })
    const other = await begin()
    expect(await triesOf(other)).toMatchObject([{ wait: { laneId: expect.stringContaining('claude-dear') } }])
    expect(runs.server.journal.entries).toHaveLength(1)
    const paused = await begin()
    const control = { db: runs.app, hints: runs.deps.hints, wake }
    await pauseRun(control, await refOf(paused))
    const record = reconcileReads(runs.pool, runs.db)
    expect(await record.dropOutlivedWaits(100)).toEqual([])
    expect(await resumeRun(control, await refOf(refused))).toMatchObject({ ok: true })
    // Of every run that waits for the lane, but what a person has paused rests until its own resume.
    expect(await record.dropOutlivedWaits(100)).toMatchObject([{ runId: other, idx: 0, delayMs: 0 }])
    expect(await resumeRun(control, await refOf(paused))).toMatchObject({ ok: true })
    for (const runId of [refused, other, paused]) {
      await runs.work(runId)
      expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'completed' })
    }
  })

  it('for the lane of another key, or of a model that is no longer theirs, go on with the start of a worker', async () => {
    runs = await openPaidRuns()
    runs.server.script({ status: 429, retryAfter: 300, message: 'slow down' })
    await begin()
    const runId = await begin()
    const woken: number[] = []
    const dropped = (key: string, model: string) => {
      const anthropic = { apiKey: key, baseURL: runs.server.url }
      const models = createModelRegistry({ offline: createNoopProvider(), anthropic, model })
      const wakes = async (tasks: readonly { runId: number }[]) => void woken.push(...tasks.map((task) => task.runId))
      return dropForeignWaits({ db: runs.db, models, fallbackModels: [], wake: wakes })
    }
    await runs.pool.query('update flotilla.task_specs set model = null where run_id = $1', [runId])
    expect(await dropped('k1', 'anthropic:claude-dear')).toBe(0)
    const [kept] = await triesOf(runId)
    expect(kept?.wait).toMatchObject({ laneId: expect.stringContaining('claude-dear') })
    expect(await dropped('k2', 'anthropic:claude-dear')).toBe(1)
    expect((await triesOf(runId))[0]?.wait).toBeNull()
    await runs.pool.query(
      `update flotilla.tasks set wait = $2, not_before = clock_timestamp() + interval '1 h' where run_id = $1`,
      [runId, JSON.stringify(kept?.wait)],
    )
    expect(await dropped('k1', 'anthropic:claude-other')).toBe(1)
    expect(woken).toEqual([runId, runId])
  })
})

describe('the settings of an agent', () => {
  it('reach its model, are on record, and say who may stand in for it', async () => {
    runs = await openPaidRuns(
      { rules: [({ model }) => (model === 'claude-dear' ? { status: 500 } : { text: 'Done by another.' })] },
      { fallbackModels: [] },
    )
    const settings = {
      allowedModels: ['anthropic:claude-small'],
      reasoning: { effort: 'low' },
      parallelToolCalls: false,
      timeouts: { totalSeconds: 90 },
    }
    const agent = `insert into flotilla.agents (workspace_id, uid, origin, name, role, description, capabilities, system_prompt, tools, max_turns,
      max_output_tokens, model_settings, enabled) values (1, 'agt_x', 'user', 'x', 'painter', '', '[]', '', '["write_artifact"]', 3, 4096, $1, true)`
    await runs.pool.query(agent, [JSON.stringify(settings)])
    const runId = await runPaid(runs, [paidTask('a', { role: 'painter' })], { costUsd: 1 })
    expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'completed', agent: 'x' })
    const { rows } = await runs.pool.query<{ model: string; request: object }>(
      'select model, request from flotilla.turns where run_id = $1',
      [runId],
    )
    const { reasoning, parallelToolCalls } = settings
    const request = { reasoning, parallelToolCalls, timeouts: { totalMs: 90_000 } }
    expect(rows).toMatchObject([{ model: 'anthropic:claude-small', request }])
    expect(runs.server.journal.entries).toHaveLength(2)
  })
})

describe('an answer that is cut off on its way', () => {
  it('is asked for again, and its readers take back what they were shown', async () => {
    runs = await openPaidRuns({}, { callRetry: { ...DEFAULT_RETRY, baseMs: 1 } })
    runs.server.script({ text: 'All is well with the fleet, as far as one can see.', fault: 'cut' }, { text: 'Whole.' })
    let [shown, restarts] = ['', 0]
    const unsubscribe = runs.deps.hints.subscribe((hint) => {
      if (!('stream' in hint)) return
      const { delta, takeBack = 0 } = hint.stream
      if (takeBack > 0) restarts += 1
      shown = shown.slice(0, shown.length - takeBack) + delta
    })
    const runId = await runPaid(runs, [paidTask('a')], { costUsd: 1 })
    unsubscribe()
    expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'completed' })
    expect([shown, restarts]).toEqual(['Whole.', 1])
    const turn = (await told(runs, runId)).find(({ type }) => type === 'task.turn')
    expect(turn?.data).toMatchObject({ usage: { modelCalls: 2 }, hops: [{ is: 'failed', code: 'model_unavailable' }] })
    // What was cut off is charged by what was sent and received.
    const calls = await runs.pool.query<{ estimated: boolean; paid: boolean }>(
      `select estimated, cost_usd_charged > 0 as paid from flotilla.budget_calls where run_id = $1 order by reserved_at`,
      [runId],
    )
    expect(calls.rows).toEqual([
      { estimated: true, paid: true },
      { estimated: false, paid: true },
    ])
    const { calls: estimated, costUsd } = (await readEndedRun(runs.deps.db, runId))?.estimated ?? {}
    expect([estimated, costUsd]).toEqual([1, expect.any(Number)])
  })
})

describe('a model that does not answer', () => {
  it('has another stand in for it, which the run is told, with what each has cost', async () => {
    runs = await openPaidRuns(
      { rules: [({ model }) => (model === 'claude-dear' ? { status: 500 } : { text: 'Done by another.' })] },
      { fallbackModels: ['anthropic:claude-small'] },
    )
    const runId = await runPaid(runs, [paidTask('a')], { costUsd: 1 })
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying' })
    const turn = (await told(runs, runId)).find(({ type }) => type === 'task.turn')
    expect(turn?.data).toMatchObject({
      model: 'anthropic:claude-small',
      hops: [{ model: 'anthropic:claude-dear', is: 'failed', code: 'model_unavailable' }],
      usage: { modelCalls: 2 },
    })
    const { rows } = await runs.pool.query<{ name: string; status: string }>(
      `select name, status from flotilla.budget_calls where run_id = $1 order by reserved_at`,
      [runId],
    )
    expect(rows).toEqual([
      { name: 'anthropic:claude-dear', status: 'released' },
      { name: 'anthropic:claude-small', status: 'settled' },
    ])
  })
})

describe('who answered', () => {
  const [dear, small] = ['anthropic:claude-dear', 'anthropic:claude-small']
  const endOf = async (runId: number) =>
    (await told(runs, runId)).find(({ type }) => type === 'task.completed')?.data ?? {}
  const shownOf = async (runId: number) => {
    const ended = await readEndedRun(runs.deps.db, runId)
    await runs.finish(runId)
    const { rows } = await runs.pool.query<{ report: { json: { tasks: object[] }; markdown: string } }>(
      'select report from flotilla.run_specs where run_id = $1',
      [runId],
    )
    return { view: ended?.tasks[0], report: rows[0]?.report }
  }

  it('is told of a task, and not who was asked', async () => {
    runs = await openPaidRuns(
      { rules: [({ model }) => (model === 'claude-dear' ? { status: 500 } : { text: 'Done by another.' })] },
      { fallbackModels: [small] },
    )
    const runId = await runPaid(runs, [paidTask('a')], { costUsd: 1 })
    expect(await endOf(runId)).toMatchObject({ model: small })
    expect(await endOf(runId)).not.toHaveProperty('models')
    const { view, report } = await shownOf(runId)
    expect(view).toMatchObject({ model: small })
    expect(report?.json.tasks).toMatchObject([{ model: small }])
    expect(report?.markdown).toContain(small)
    expect(report?.markdown).not.toContain(dear)
  })

  it('names all where several did, the last one as who gave the answer', async () => {
    runs = await openPaidRuns({}, { fallbackModels: [small] })
    runs.server.script(
      { calls: [{ name: 'write_artifact', arguments: { name: 'a.txt', content: 'x' } }] },
      { status: 529 },
      { text: 'Done.' },
    )
    const task = paidTask('a', { tools: ['write_artifact'] })
    const runId = await runPaid(runs, [task], { costUsd: 5 })
    const both = { model: small, models: [dear, small] }
    expect(await endOf(runId)).toMatchObject(both)
    const { view, report } = await shownOf(runId)
    expect(view).toMatchObject(both)
    expect(report?.json.tasks).toMatchObject([both])
    expect(report?.markdown).toContain(`${dear}, ${small}`)
  })
})

describe('what did not answer is told', () => {
  it('by the end that a judge gives a task, with who judged in its place', async () => {
    const answer = { text: JSON.stringify({ rationale: 'It does.', score: 0.9 }) }
    runs = await openPaidRuns(
      {
        rules: [
          ({ model, text }) =>
            model === 'claude-small' ? { status: 500 } : text.includes('VERIFIER') ? answer : { text: 'Done.' },
        ],
      },
      { fallbackModels: ['anthropic:claude-dear'] },
    )
    const runId = await runPaid(runs, [paidTask('a', { verify: [{ judge: 'Says that it is done' }] })], { costUsd: 5 })
    const log = await told(runs, runId)
    expect(log.find(({ type }) => type === 'task.completed')?.data).toMatchObject({
      model: 'anthropic:claude-dear',
      judgeModel: 'anthropic:claude-dear',
      hops: [{ model: 'anthropic:claude-small', is: 'failed', code: 'model_unavailable' }],
    })
    expect(log.find(({ type }) => type === 'run.analyzed')?.data).toMatchObject({ by: 'rules' })
  })

  it('by the failure of a task that no model answered', async () => {
    runs = await openPaidRuns({ rules: [() => ({ status: 500 })] }, { fallbackModels: ['anthropic:claude-small'] })
    const runId = await runPaid(runs, [paidTask('a', { maxAttempts: 1 })], { costUsd: 1 })
    const failed = (await told(runs, runId)).find(({ type }) => type === 'task.failed')
    expect(failed?.data).toMatchObject({
      hops: [{ model: 'anthropic:claude-dear' }, { model: 'anthropic:claude-small' }],
    })
    expect((await told(runs, runId)).some(({ type }) => type === 'task.turn')).toBe(false)
  })
})

it('a model that stays silent is given up after the limit of its phase', async () => {
  runs = await openPaidRuns({}, { callTimeouts: { connectMs: 100 } })
  runs.server.script({ fault: 'silent' })
  const runId = await runPaid(runs, [paidTask('a', { maxAttempts: 2 })], { costUsd: 1 })
  expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'completed', attempt: 2 })
  const retried = (await told(runs, runId)).find(({ type }) => type === 'task.retrying')
  expect(retried?.data).toMatchObject({ error: { code: 'model_timeout' } })
})
