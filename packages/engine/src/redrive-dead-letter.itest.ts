import { randomBytes } from 'node:crypto'
import {
  copyRun,
  inWorkspace,
  listDeadLetters,
  lockRun,
  readDeadLetter,
  readTask,
  step,
  sweep,
  type WakeUp,
} from '@flotilla/db'
import { deadLetterId, readDeadLetterId, sortableId, type DeadLetterSummaryView, type TaskView } from '@flotilla/domain'
import { createLocalHints } from '@flotilla/queue'
import { systemClock } from '@flotilla/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { reconcile, reconcileReads } from './reconcile.ts'
import { redriveDeadLetter, type RedriveDeps } from './redrive-dead-letter.ts'
import { openRuns, type Runs } from './testing/run-fixture.ts'
import { runState, taskStates, told, types } from './testing/run-reads.ts'

let runs: Runs
let woken: WakeUp[]
let deps: RedriveDeps
beforeAll(async () => {
  runs = await openRuns()
})
beforeEach(async () => {
  await runs.pool.query('delete from flotilla.runs')
  runs.say({})
  woken = []
  const wake = { tasks: async (tasks: readonly WakeUp[]) => void woken.push(...tasks) }
  deps = { db: runs.app, clock: systemClock, random: randomBytes, wake, hints: createLocalHints() }
})
afterAll(() => runs.close())

const uidOf = async (runId: number): Promise<string> => {
  const { rows } = await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
  return rows[0]?.uid ?? ''
}
const idOf = async (uid: string): Promise<number> => {
  const { rows } = await runs.pool.query<{ id: number }>('select id from flotilla.runs where uid = $1', [uid])
  return rows[0]?.id ?? 0
}
const letters = (): Promise<DeadLetterSummaryView[]> =>
  inWorkspace(runs.app, 1, async (tx) => {
    const { items } = await listDeadLetters(tx, { runId: null, redriven: null, before: null, limit: 10 })
    return items
  })
const taskOf = async (runId: number, key: string): Promise<TaskView | null> => {
  const uid = await uidOf(runId)
  return inWorkspace(runs.app, 1, (tx) => readTask(tx, { id: runId, uid }, key))
}
const redrive = (letterId: string) => redriveDeadLetter(deps, { workspaceId: 1, letterId })

/** Rounds of the reconciler until it has buried the task, each after the task's worker has died. */
async function killAgainAndAgain(runId: number, idx: number): Promise<void> {
  for (let loss = 0; loss < 6; loss++) {
    await runs.hurry(runId)
    const shared = { settlements: [], cap: 0, served: null, leaseMs: 60_000, worker: `w${loss}` }
    const { claimed } = await step(runs.pool, { ...shared, claims: [{ runId, idx }] })
    expect(claimed.map((task) => task.kind)).toEqual([loss === 0 ? 'first' : 'recovery'])
    await runs.pool.query(
      `update flotilla.tasks set due = clock_timestamp() - interval '1 s' where run_id = $1 and idx = $2`,
      [runId, idx],
    )
    await reconcileOnce()
  }
}

const reconcileOnce = () =>
  reconcile(
    {
      record: reconcileReads(runs.pool, runs.db),
      waiting: async () => 5,
      wiped: async () => false,
      onWiped: () => {},
      wake: () => {},
      wakePlan: () => {},
      wakeFinish: () => {},
      wakeLearn: () => {},
      settle: async (settlement) => {
        const shared = { claims: [], cap: 0, served: [], leaseMs: 1_000, worker: 'reconciler' }
        await step(runs.pool, { settlements: [settlement], ...shared })
      },
      onMoved: () => {},
    },
    1,
  )

const KEYS = ['read', 'bad', 'after', 'beside'] as const
const BAD = 1
const PDF = Buffer.from('%PDF-1.7 /Type /Page ').toString('base64')

/** read → bad → after, and beside after read: bad kills its workers, all else that can be done is done. */
async function poisoned(): Promise<number> {
  const runId = await runs.submit({
    goal: 'Write of poison',
    labels: { team: 'a' },
    documents: [
      { name: 'a.md', content: 'One.\nTwo.\n' },
      { name: 'a.pdf', mediaType: 'application/pdf', data: PDF },
    ],
    budget: { tokens: 1_000_000, seconds: 900, onExceeded: 'fail' },
    plan: {
      tasks: [
        { key: 'read', role: 'writer', tools: ['write_artifact'], verify: [{ rule: 'minLength', value: 3 }] },
        { key: 'bad', role: 'writer', dependsOn: ['read'], maxAttempts: 4 },
        { key: 'after', role: 'writer', dependsOn: ['bad'] },
        { key: 'beside', role: 'analyst', dependsOn: ['read'] },
      ],
    },
  })
  let calls = 0
  runs.say({
    task: (key) =>
      key === 'read' && calls++ === 0
        ? { toolCalls: [{ name: 'write_artifact', arguments: { name: 'read.md', content: 'kept' } }] }
        : { text: `the result of ${key}` },
  })
  await runs.plan(runId)
  // Kept from being worked on until it is killed.
  await runs.pool.query(
    `update flotilla.tasks set not_before = clock_timestamp() + interval '1 h' where run_id = $1 and idx = $2`,
    [runId, BAD],
  )
  await runs.work(runId)
  await killAgainAndAgain(runId, BAD)
  return runId
}

describe('a task that kills its workers', () => {
  it('comes into the list in the commit in which it fails, with who it killed, and its run ends', async () => {
    const runId = await poisoned()
    const uid = await uidOf(runId)
    expect((await taskStates(runs, runId)).map(({ status }) => status)).toEqual([
      'completed',
      'failed',
      'skipped',
      'completed',
    ])
    expect((await told(runs, runId)).find(({ type }) => type === 'task.failed')?.data).toMatchObject({
      error: { code: 'worker_lost' },
      deadLetter: 'worker_lost',
    })
    const id = deadLetterId(uid, BAD)
    expect(await letters()).toMatchObject([{ id, runId: uid, taskKey: 'bad', reason: 'worker_lost', attempts: 6 }])
    const letter = await inWorkspace(runs.app, 1, (tx) => readDeadLetter(tx, { runId: uid, idx: BAD }))
    expect(letter?.failures.map(({ attempt, kind, status, worker }) => [attempt, kind, status, worker])).toEqual([
      [1, 'first', 'lost', 'w0'],
      ...[1, 2, 3, 4, 5].map((n) => [n + 1, 'recovery', 'lost', `w${n}`]),
    ])
    expect(letter).toMatchObject({
      lastTurn: null,
      counts: { first: { count: 1, cap: 1 }, retry: { count: 0, cap: 3 }, recovery: { count: 5, cap: 5 } },
    })
    await runs.finish(runId)
    expect(await runState(runs, runId)).toMatchObject({ status: 'failed', error: { taskKey: 'bad' } })
  })

  it('of a run that has not ended is not redriven, and the refusal says what is allowed', async () => {
    const runId = await poisoned()
    const refused = await redrive((await letters())[0]?.id ?? '')
    expect(refused).toMatchObject({
      ok: false,
      code: 'conflict',
      detail: expect.stringMatching(/is verifying: .*allowed now: wait for its end, or cancel it/),
    })
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying' })
    expect(await letters()).toMatchObject([{ redrivenTo: null }])
  })
})

describe('a redrive', () => {
  it('begins a new run with the results, the documents and the agents of the old one, and does the rest over', async () => {
    const old = await poisoned()
    await runs.finish(old)
    const letter = (await letters())[0]?.id ?? ''
    const redriven = await redrive(letter)
    if (!redriven.ok) throw new Error(redriven.detail)
    const run = await idOf(redriven.value.id)
    expect(redriven.value).toMatchObject({ status: 'executing', planVersion: 1 })
    expect(woken).toEqual([{ runId: run, idx: BAD, role: 'writer', delayMs: 0, judge: false, priority: 5 }])
    expect((await told(runs, run)).map(({ type, key, data }) => [type, key, data])).toEqual([
      [
        'run.created',
        null,
        expect.objectContaining({
          documents: 2,
          redriveOf: { run: await uidOf(old), task: 'bad', letter },
        }),
      ],
      ['run.plan_ready', null, expect.objectContaining({ version: 1, tasks: 4 })],
      ['run.started', null, { planVersion: 1, tasks: 4 }],
      ['task.completed', 'read', { reused: { run: await uidOf(old), attempt: 1 } }],
      ['task.completed', 'beside', { reused: { run: await uidOf(old), attempt: 1 } }],
      ['run.progress', null, { percent: 50, total: 4, completed: 2, failed: 0, skipped: 0 }],
      ['task.ready', 'bad', { role: 'writer' }],
    ])
    expect(await runState(runs, run)).toMatchObject({ tokens: 0, modelCalls: 0, live: true })
    expect((await taskStates(runs, run)).map(({ key, agent, model }) => [key, agent, model])).toEqual(
      (await taskStates(runs, old)).map(({ key, agent, model }) => [key, agent, model]),
    )
    const reused = await taskOf(run, 'read')
    expect(reused).toMatchObject({
      status: 'completed',
      attempt: 0,
      attempts: [],
      usage: { inputTokens: 0, modelCalls: 0, toolCalls: 0, costUsd: 0 },
      output: { text: 'the result of read', artifacts: ['read.md'] },
      verdicts: [{ attempt: 0, decision: 'accepted' }],
    })
    const { rows } = await runs.pool.query(
      `select r.deadline > clock_timestamp() as timed, s.goal, s.labels, s.budget ->> 'tokens' as tokens,
         (select string_agg(d.content, '') from flotilla.documents d where d.collection_id = s.collection_id) as documents,
         (select array[d.name, d.media_type, encode(d.media, 'base64'), d.pages::text, d.indexed::text, d.size_bytes::text]
          from flotilla.documents d where d.collection_id = s.collection_id and d.media is not null) as media,
         (select convert_from(a.content, 'UTF8') from flotilla.artifacts a where a.run_id = r.id and a.name = 'read.md') as artifact
       from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id where r.id = $1`,
      [run],
    )
    expect(rows).toEqual([
      {
        timed: true,
        goal: 'Write of poison',
        labels: { team: 'a' },
        tokens: '1000000',
        documents: 'One.\nTwo.\n',
        media: ['a.pdf', 'application/pdf', PDF, '1', 'true', '21'],
        artifact: 'kept',
      },
    ])
  })

  it('goes on with upstream results to its end, and the old run stays as it was', async () => {
    const old = await poisoned()
    await runs.finish(old)
    const before = await told(runs, old)
    const redriven = await redrive((await letters())[0]?.id ?? '')
    const run = await idOf(redriven.ok ? redriven.value.id : '')
    let prompt = ''
    runs.say({
      task: (key, _, request) => {
        if (key === 'bad') prompt = JSON.stringify(request.messages)
        return { text: `${key}, done over` }
      },
    })
    const ran = await runs.work(run)
    expect(ran.map(({ idx, kind, attempt, tries }) => [KEYS[idx], kind, attempt, tries])).toEqual([
      ['bad', 'first', 1, 1],
      ['after', 'first', 1, 1],
    ])
    expect(prompt).toContain('the result of read')
    await runs.finish(run)
    await runs.learn(run)
    expect(await runState(runs, run)).toMatchObject({ status: 'completed' })
    expect((await types(runs, run)).at(-1)).toBe('run.completed')
    expect(await told(runs, old)).toEqual(before)
  })

  it('is one, however often and by whichever letter of the run it is asked for', async () => {
    const old = await poisoned()
    await runs.finish(old)
    const letter = (await letters())[0]?.id ?? ''
    const answers = await Promise.all([redrive(letter), redrive(letter), redrive(letter)])
    const ids = answers.map((answer) => (answer.ok ? answer.value.id : answer.detail))
    expect(new Set(ids).size).toBe(1)
    expect(woken).toHaveLength(1)
    expect(await letters()).toMatchObject([{ redrivenTo: ids[0], redrivenAt: expect.any(String) }])
    const again = await redrive(letter)
    expect(again).toMatchObject({ ok: true, value: { id: ids[0], status: 'executing' } })
    // The run that it led to is gone: there is nothing to answer with, and the task is as dead as before.
    await runs.pool.query('delete from flotilla.runs where uid = $1', [ids[0]])
    const anew = await redrive(letter)
    expect(anew.ok && anew.value.id).not.toBe(ids[0])
  })

  it.each(['dead_', 'run_00000000000000000000000000', deadLetterId(`run_${'0'.repeat(26)}`, 3)])(
    'of "%s" is not found',
    async (id) => expect(await redrive(id)).toMatchObject({ ok: false, code: 'not_found' }),
  )

  it('does over, where asked to, also what is completed, and takes over what does not depend on it', async () => {
    const old = await poisoned()
    await runs.finish(old)
    const uid = sortableId('run', Date.now(), randomBytes(16))
    const copied = await inWorkspace(runs.app, 1, async (tx) => {
      const from = await lockRun(tx, await uidOf(old))
      if (from === null) throw new Error('the run is gone')
      return copyRun(tx, { from, uid, again: [KEYS.indexOf('beside'), BAD], created: { forkOf: from.uid } })
    })
    expect(copied.ready.map(({ idx }) => KEYS[idx])).toEqual(['bad', 'beside'])
    expect((await taskStates(runs, copied.id)).map(({ status }) => status)).toEqual([
      'completed',
      'ready',
      'pending',
      'ready',
    ])
    expect(await taskOf(copied.id, 'beside')).toMatchObject({ output: null, attempt: 0 })
    expect((await letters()).map(({ redrivenTo }) => redrivenTo)).toEqual([null])
  })

  const plantEnded = async (some: Readonly<{ runs: number; tasks: number; done: number }>): Promise<string> => {
    const { rows } = await runs.pool.query<{ uid: string }>(
      `with r as (
         insert into flotilla.runs (workspace_id, uid, status, live, auto_start, expanded, priority, plan_version, total, completed, failed, skipped)
         select 1, 'run_' || lpad(n::text, 26, '0'), 'failed', false, true, true, 5, 1, $2::int, $3::int, 1, $2::int - $3::int - 1 from generate_series(1, $1::int) n returning id, uid),
       s as (insert into flotilla.run_specs (run_id, workspace_id, goal, inputs, mode, labels, budget)
         select id, 1, 'many', '{}', 'parallel', '{}', '{"onExceeded": "fail"}' from r),
       t as (insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, attempt, deps, outs)
         select id, n, 1, 'writer', 5, case when n < $3::int then 'completed' when n = $3::int then 'failed' else 'skipped' end, 1,
           case when n = 0 then '{}' else array[n - 1, greatest(0, n - 100)] end,
           case when n = $2::int - 1 then '{}' else array[n + 1, least($2::int - 1, n + 100)] end
         from r, generate_series(0, $2::int - 1) n),
       k as (insert into flotilla.task_specs (run_id, idx, workspace_id, key, title, type, spec)
         select id, n, 1, 't' || n, '', 'general', '{}' from r, generate_series(0, $2::int - 1) n),
       o as (insert into flotilla.outputs (run_id, idx, attempt, workspace_id, output)
         select id, n, 1, 1, jsonb_build_object('text', repeat('x', 500)) from r, generate_series(0, $3::int - 1) n),
       d as (insert into flotilla.dead_letters (workspace_id, run_id, idx, reason, error)
         select 1, id, $3::int, 'worker_lost', '{"code": "worker_lost", "message": "lost"}' from r)
       select uid from r`,
      [some.runs, some.tasks, some.done],
    )
    return rows[0]?.uid ?? ''
  }

  it('of 10,000 tasks, 9,000 of them done, is made within the time of a request, whatever the server expects of a run', async () => {
    await plantEnded({ runs: 100, tasks: 4, done: 2 })
    await runs.analyze()
    await runs.pool.query('delete from flotilla.runs')
    const letter = deadLetterId(await plantEnded({ runs: 1, tasks: 10_000, done: 9_000 }), 9_000)
    const began = performance.now()
    const redriven = await redrive(letter)
    const tookMs = performance.now() - began
    const run = await idOf(redriven.ok ? redriven.value.id : '')
    expect(tookMs).toBeLessThan(9_000)
    expect(woken.map(({ idx }) => idx)).toEqual([9_000])
    const { rows: counted } = await runs.pool.query(
      `select total, todo, completed, seq, (select count(*) from flotilla.outputs o where o.run_id = r.id) as outputs from flotilla.runs r where id = $1`,
      [run],
    )
    expect(counted).toEqual([{ total: 10_000, todo: 1_000, completed: 9_000, seq: 9_005, outputs: 9_000 }])
    expect(
      await sweep(runs.pool, { after: run - 1, limit: 1, ready: false, deep: true, maxRecoveries: 5 }),
    ).toMatchObject({
      wake: [],
    })
  })
})

it('a task whose tries are used up by what may pass has a letter; one that cannot be mended has none', async () => {
  const runId = await runs.submit({
    plan: {
      tasks: [
        { key: 'busy', role: 'writer', maxAttempts: 1 },
        { key: 'refused', role: 'writer' },
      ],
    },
  })
  await runs.plan(runId)
  runs.say({
    task: (key) =>
      key === 'busy'
        ? { failure: { code: 'model_overloaded', message: 'too busy' } }
        : { text: 'no', stopReason: 'refusal' },
  })
  await runs.work(runId)
  expect(await letters()).toMatchObject([
    { taskKey: 'busy', reason: 'tries_used_up', error: { code: 'model_overloaded' }, attempts: 1 },
  ])
  expect(readDeadLetterId((await letters())[0]?.id ?? '')).toMatchObject({ idx: 0 })
})
