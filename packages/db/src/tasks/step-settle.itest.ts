import { NO_USAGE, TASK_STATUSES, type AttemptKind, type StoredTaskStatus, type Usage } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, settle, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { rawTasks, readAttempts, readLog, readRun, readTask, statuses } from '../testing/record-reads.ts'
import type { Verb } from './step.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const STATUSES: readonly StoredTaskStatus[] = [...TASK_STATUSES, 'to_verify']
const VERBS: readonly Verb[] = ['complete', 'fail', 'retry', 'verify', 'revise', 'release', 'drop']
const FENCES = [
  ['the right fence', 0],
  ['an old fence', -1],
  ['a fence of the future', 1],
] as const

type Effect = readonly [
  verb: Verb,
  judged: boolean,
  status: StoredTaskStatus,
  kind: AttemptKind,
  event: string | null,
  attempt: string | null,
]
const EFFECTS: readonly Effect[] = [
  ['complete', false, 'completed', 'first', 'task.completed', 'succeeded'],
  ['fail', false, 'failed', 'first', 'task.failed', 'failed'],
  ['retry', false, 'ready', 'retry', 'task.retrying', 'failed'],
  ['verify', false, 'to_verify', 'first', 'task.verifying', 'succeeded'],
  ['revise', false, 'revising', 'revision', 'task.revising', 'succeeded'],
  ['release', false, 'ready', 'continuation', null, 'released'],
  ['drop', false, 'skipped', 'first', 'task.skipped', 'released'],
  ['complete', true, 'completed', 'first', 'task.completed', null],
  ['fail', true, 'failed', 'first', 'task.failed', null],
  ['retry', true, 'to_verify', 'first', null, null],
  ['revise', true, 'revising', 'revision', 'task.revising', null],
  ['release', true, 'to_verify', 'first', null, null],
]

describe.each(FENCES)('with %s', (_, offset) => {
  it.each(VERBS.flatMap((verb) => [false, true].map((judged) => ({ verb, judged }))))(
    '$verb (judged: $judged) takes effect on the claim that holds the fence and on nothing else',
    async ({ verb, judged }) => {
      const seedlings = STATUSES.map((status): Seedling => ({
        status,
        fence: 7,
        attempt: 2,
        worker: 'w1',
        dueMs: 60_000,
      }))
      const runId = await record.plant(seedlings)
      const before = await rawTasks(record.pool, runId)
      const { settled } = await record.step({
        settlements: STATUSES.map((_status, idx) => settle({ runId, idx, fence: 7 + offset }, verb, { judged })),
      })
      const held = STATUSES.indexOf(judged ? 'verifying' : 'in_progress')
      expect(settled).toEqual(offset === 0 ? [held] : [])
      const after = await rawTasks(record.pool, runId)
      const others = (_task: unknown, idx: number): boolean => offset !== 0 || idx !== held
      expect(after.filter(others)).toEqual(before.filter(others))
      const touched = new Set((await readLog(record.pool, runId)).map((event) => event.idx))
      touched.delete(null)
      expect([...touched].filter((idx) => offset !== 0 || idx !== held)).toEqual([])
    },
  )
})

describe('an effect', () => {
  it.each(EFFECTS)('of %s (judged: %s) leaves the task %s', async (verb, judged, status, kind, event, attempt) => {
    const runId = await record.plant([
      { status: judged ? 'verifying' : 'in_progress', attempt: 2, fence: 5, tries: 2 },
      { status: 'in_progress' },
    ])
    await record.step({ settlements: [settle({ runId, idx: 0, fence: 5 }, verb, { judged })], worker: 'w9' })
    const ended = status === 'completed' || status === 'failed' || status === 'skipped'
    expect(await readTask(record.pool, runId, 0)).toMatchObject({
      status,
      kind,
      fence: 5,
      attempt: 2,
      tries: 2,
      revisions: verb === 'revise' ? 1 : 0,
      worker: null,
      finished: ended,
      dueWithinMs: ended ? null : 5_000,
    })
    const log = await readLog(record.pool, runId)
    const expected = [...(event ? [event] : []), ...(ended ? ['run.progress'] : [])]
    expect(log.map((entry) => entry.type)).toEqual(expected)
    if (event) expect(log[0]).toMatchObject({ seq: 1, idx: 0, data: { attempt: 2 } })
    expect(await readRun(record.pool, runId)).toMatchObject({
      status: 'executing',
      seq: expected.length,
      total: 2,
      todo: ended ? 1 : 2,
      completed: Number(status === 'completed'),
      failed: Number(status === 'failed'),
      skipped: Number(status === 'skipped'),
    })
    expect(await readAttempts(record.pool, runId)).toEqual(
      attempt === null ? [] : [{ idx: 0, number: 2, kind: 'first', status: attempt, worker: 'w9', error: null }],
    )
  })

  it('of the last task closes the run: it is to be finished, and says so last', async () => {
    const runId = await record.plant([{ status: 'completed' }, { status: 'in_progress' }])
    const { closed } = await record.step({ settlements: [settle({ runId, idx: 1, fence: 1 }, 'complete')] })
    expect(closed).toEqual([runId])
    expect(await readRun(record.pool, runId)).toMatchObject({
      status: 'verifying',
      live: true,
      todo: 0,
      tries: 0,
      dueWithinMs: 5_000,
    })
    const log = await readLog(record.pool, runId)
    expect(log.map((event) => event.type)).toEqual(['task.completed', 'run.progress', 'run.verifying'])
    expect(log[1]?.data).toEqual({ percent: 100, total: 2, completed: 2, failed: 0, skipped: 0 })
  })

  it('of a settlement that is repeated is had once', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, {}])
    const settlement = settle({ runId, idx: 0, fence: 1 }, 'complete')
    expect((await record.step({ settlements: [settlement] })).settled).toEqual([0])
    expect((await record.step({ settlements: [settlement] })).settled).toEqual([])
    expect(await readRun(record.pool, runId)).toMatchObject({ todo: 1, completed: 1, seq: 2 })
  })

  it('of one task twice in a batch is had once, and counted once', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, {}])
    const { settled } = await record.step({
      settlements: [settle({ runId, idx: 0, fence: 1 }, 'complete'), settle({ runId, idx: 0, fence: 1 }, 'fail')],
    })
    expect(settled).toHaveLength(1)
    const { todo, completed, failed } = await readRun(record.pool, runId)
    expect({ todo, ended: completed + failed }).toEqual({ todo: 1, ended: 1 })
    const ends = (await readLog(record.pool, runId)).filter((event) => event.idx === 0)
    expect(ends).toHaveLength(1)
    expect(await readAttempts(record.pool, runId)).toHaveLength(1)
  })

  it('is had by runs that are not executing only where a claim is left: none is', async () => {
    const runId = await record.plant([{ status: 'cancelled', fence: 2 }], { status: 'cancelled', live: false })
    expect((await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'complete')] })).settled).toEqual([])
    expect(await statuses(record.pool, runId)).toEqual(['cancelled'])
  })

  it('of many runs in one batch numbers each run’s events by itself', async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => record.plant([{ status: 'in_progress' }, {}])))
    const { settled } = await record.step({
      settlements: runs.toReversed().map((runId) => settle({ runId, idx: 0, fence: 1 }, 'complete')),
    })
    expect(settled.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4])
    for (const runId of runs) expect((await readLog(record.pool, runId)).map((event) => event.seq)).toEqual([1, 2])
  })
})

describe('a retry', () => {
  it('waits: it is woken after its delay, and not claimed before', async () => {
    const runId = await record.plant([{ status: 'in_progress' }])
    const { wake } = await record.step({
      settlements: [settle({ runId, idx: 0, fence: 1 }, 'retry', { delayMs: 5_000 })],
    })
    expect(wake).toEqual([{ runId, idx: 0, role: 'writer', delayMs: 5_000, judge: false, priority: 5 }])
    expect(await readTask(record.pool, runId, 0)).toMatchObject({
      status: 'ready',
      dueWithinMs: 10_000,
      notBeforeWithinMs: 5_000,
    })
    expect((await record.step({ claims: [{ runId, idx: 0 }] })).claimed).toEqual([])
    await record.pool.query('update flotilla.tasks set not_before = clock_timestamp() where run_id = $1', [runId])
    expect((await record.step({ claims: [{ runId, idx: 0 }] })).claimed).toMatchObject([
      { idx: 0, fence: 2, attempt: 2, kind: 'retry', tries: 2, judge: false },
    ])
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ notBeforeWithinMs: null })
  })

  it('of a judge goes back to the verify queue and leaves the attempt alone', async () => {
    const runId = await record.plant([
      { status: 'verifying', kind: 'revision', attempt: 3, tries: 1, revisions: 1, fence: 4 },
    ])
    const { wake } = await record.step({
      settlements: [settle({ runId, idx: 0, fence: 4 }, 'retry', { judged: true, delayMs: 700 })],
    })
    expect(wake).toEqual([{ runId, idx: 0, role: 'writer', delayMs: 700, judge: true, priority: 5 }])
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ status: 'to_verify', kind: 'revision', attempt: 3 })
  })
})

describe('a failure', () => {
  it('skips what waits for it, however far away, and nothing else', async () => {
    // 0 fails; 1 and 2 wait for it; 3 for both; 4 for 3; 5 and 6 are another branch; 7 joins the two.
    const runId = await record.plant([
      { status: 'in_progress' },
      { deps: [0] },
      { deps: [0] },
      { deps: [1, 2] },
      { deps: [3] },
      { status: 'in_progress' },
      { deps: [5] },
      { deps: [4, 6] },
    ])
    await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'fail')] })
    expect(await statuses(record.pool, runId)).toEqual([
      'failed',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'in_progress',
      'pending',
      'skipped',
    ])
    expect(await readRun(record.pool, runId)).toMatchObject({ todo: 2, failed: 1, skipped: 5, status: 'executing' })
    const skips = (await readLog(record.pool, runId)).filter((event) => event.type === 'task.skipped')
    expect(skips.map((event) => event.idx)).toEqual([1, 2, 3, 4, 7])
    expect(skips[0]?.data).toEqual({ reason: 'a task that it depends on failed' })
  })

  it('of two tasks with one dependent skips it once', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'in_progress' }, { deps: [0, 1] }])
    const both = [0, 1].map((idx) => settle({ runId, idx, fence: 1 }, 'fail'))
    expect((await record.step({ settlements: both })).closed).toEqual([runId])
    expect(await readRun(record.pool, runId)).toMatchObject({ todo: 0, failed: 2, skipped: 1 })
  })

  it('beside a completion in one batch: the join is skipped, not made ready', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'in_progress' }, { deps: [0, 1] }])
    const result = await record.step({
      settlements: [settle({ runId, idx: 0, fence: 1 }, 'complete'), settle({ runId, idx: 1, fence: 1 }, 'fail')],
      cap: 5,
    })
    expect(result).toMatchObject({ claimed: [], wake: [], closed: [runId] })
    expect(await statuses(record.pool, runId)).toEqual(['completed', 'failed', 'skipped'])
  })

  it('that a judge decides stands in the attempt that it judged', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'verifying' }])
    await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'verify')] })
    const claimed = (await record.step({ claims: [{ runId, idx: 0 }] })).claimed[0]
    const error = { code: 'verification_failed' as const, message: 'not good' }
    await record.step({
      settlements: [
        settle({ runId, idx: 0, fence: claimed?.fence ?? 0 }, 'fail', {
          judged: true,
          data: { error, attemptStatus: 'failed' },
        }),
      ],
    })
    expect(await readAttempts(record.pool, runId)).toMatchObject([{ idx: 0, number: 1, status: 'failed', error }])
  })
})

describe('what goes with a settlement', () => {
  const usage: Usage = {
    ...NO_USAGE,
    inputTokens: 100,
    outputTokens: 20,
    modelCalls: 2,
    costUsd: 0.25,
    cachedInputTokens: 5,
  }

  it('is counted for the task and the run: what was spent since the last turn, not the whole attempt again', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'in_progress' }, {}])
    await record.step({
      settlements: [
        settle({ runId, idx: 0, fence: 1 }, 'complete', {
          data: { usage: { ...usage, inputTokens: 900 }, spent: usage },
        }),
        settle({ runId, idx: 1, fence: 1 }, 'retry', { data: { spent: usage } }),
      ],
    })
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ tokens: 120, costUsd: 0.25 })
    expect(await readRun(record.pool, runId)).toMatchObject({
      inputTokens: 200,
      outputTokens: 40,
      modelCalls: 4,
      costUsd: 0.5,
    })
    const { rows } = await record.pool.query('select usage from flotilla.attempts where run_id = $1 and idx = 0', [
      runId,
    ])
    expect(rows).toEqual([{ usage: { ...usage, inputTokens: 900 } }])
  })

  it.each<[Verb, boolean]>([
    ['release', false],
    ['release', true],
    ['retry', true],
  ])('is counted for the run, too, where no event tells of it: %s, judged: %s', async (verb, judged) => {
    const runId = await record.plant([{ status: judged ? 'verifying' : 'in_progress' }])
    const spent = { ...NO_USAGE, inputTokens: 30, outputTokens: 12, modelCalls: 1, costUsd: 0.25 }
    await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, verb, { judged, data: { spent } })] })
    expect(await readLog(record.pool, runId)).toEqual([])
    expect(await readRun(record.pool, runId)).toMatchObject({
      inputTokens: 30,
      outputTokens: 12,
      modelCalls: 1,
      costUsd: 0.25,
      seq: 0,
    })
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ tokens: 42, costUsd: 0.25 })
  })

  it('is not counted when the fence is lost', async () => {
    const runId = await record.plant([{ status: 'in_progress' }])
    await record.step({ settlements: [settle({ runId, idx: 0, fence: 0 }, 'complete', { data: { spent: usage } })] })
    expect(await readRun(record.pool, runId)).toMatchObject({ inputTokens: 0, costUsd: 0, seq: 0 })
  })

  it('is written beside the task: output, findings, verdict, the last turn with its event before the end', async () => {
    const runId = await record.plant([{ status: 'in_progress', attempt: 3 }])
    const output = { text: 'a', artifacts: [], citations: [], simulated: true }
    const findings = [{ criterion: 'c', by: 'rule', passed: true, score: 1, rationale: '' }] as never
    const verdict = { decision: 'accepted' as const, score: 0.5, findings }
    const turn = {
      turn: 2,
      model: 'm',
      request: [],
      reply: { text: 'a' },
      stopReason: 'end',
      usage,
      context: null,
      startedAt: new Date().toISOString(),
    }
    await record.step({
      settlements: [
        settle({ runId, idx: 0, fence: 1 }, 'complete', {
          data: { output, findings, verdict, judgeModel: 'j', turn, turnEvent: { turn: 2 }, event: { score: 0.5 } },
        }),
      ],
    })
    const one = async (text: string): Promise<unknown> => (await record.pool.query(text, [runId])).rows
    expect(await one('select attempt, output, findings from flotilla.outputs where run_id = $1')).toEqual([
      { attempt: 3, output, findings },
    ])
    expect(
      await one('select attempt, decision, score, judge_model as model from flotilla.verdicts where run_id = $1'),
    ).toEqual([{ attempt: 3, decision: 'accepted', score: 0.5, model: 'j' }])
    expect(await one('select attempt, turn, model, reply, stop_reason from flotilla.turns where run_id = $1')).toEqual([
      { attempt: 3, turn: 2, model: 'm', reply: { text: 'a' }, stop_reason: 'end' },
    ])
    const log = await readLog(record.pool, runId)
    expect(log.slice(0, 2).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'task.turn', data: { attempt: 3, turn: 2 } },
      { type: 'task.completed', data: { attempt: 3, score: 0.5 } },
    ])
  })

  it('may hold what JSON in Postgres cannot: NUL and broken surrogates are replaced', async () => {
    const runId = await record.plant([{ status: 'in_progress' }])
    const output = { text: 'a\u0000b\uD800c', artifacts: [], citations: [], simulated: true }
    await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'complete', { data: { output } })] })
    const { rows } = await record.pool.query('select output from flotilla.outputs where run_id = $1', [runId])
    expect(rows).toEqual([{ output: { ...output, text: 'a\uFFFDb\uFFFDc' } }])
  })
})
