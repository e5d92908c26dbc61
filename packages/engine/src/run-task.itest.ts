import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Failure, PlanTaskInput } from '@flotilla/domain'
import { judged, openRuns, type Runs } from './testing/run-fixture.ts'
import { runState, taskStates, told, types } from './testing/run-reads.ts'

let runs: Runs
beforeAll(async () => {
  runs = await openRuns()
})
afterAll(() => runs.close())

const usage = { inputTokens: 100, outputTokens: 10 }
const task = (key: string, more: Partial<PlanTaskInput> = {}): PlanTaskInput => ({
  key,
  role: 'writer',
  instructions: `Do ${key}`,
  ...more,
})
/** A planned run of these tasks. */
async function planned(tasks: readonly PlanTaskInput[], more: Parameters<Runs['submit']>[0] = {}): Promise<number> {
  const runId = await runs.submit({ ...more, plan: { tasks: [...tasks] } })
  await runs.plan(runId)
  return runId
}
const rows = async <T extends object>(text: string, runId: number): Promise<T[]> =>
  (await runs.pool.query<T>(text, [runId])).rows
/** What was told of a task, but for its turns. */
const ofTask = async (runId: number, key: string): Promise<string[]> =>
  (await told(runs, runId)).flatMap((event) => (event.key === key && event.type !== 'task.turn' ? [event.type] : []))

const attemptsOf = async (runId: number): Promise<string[]> =>
  (
    await rows<{ told: string }>(
      `select kind || ' ' || status as told from flotilla.attempts where run_id = $1 order by number`,
      runId,
    )
  ).map(({ told: end }) => end)

describe('a run of tasks', () => {
  it('gives each the outputs that it waits for, and ends with the last', async () => {
    runs.say({})
    const runId = await planned([task('a'), task('b', { dependsOn: ['a'] })])
    await runs.work(runId)
    const prompts = runs.calls().map(({ request }) => JSON.stringify(request.messages))
    expect(prompts[1]).toContain('the result of a')
    expect((await taskStates(runs, runId)).map(({ status, attempt }) => [status, attempt])).toEqual([
      ['completed', 1],
      ['completed', 1],
    ])
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying', modelCalls: 2 })
    const turns = await rows<{ idx: number; turn: number }>(
      'select idx, turn from flotilla.turns where run_id = $1 order by idx',
      runId,
    )
    expect(turns).toEqual([
      { idx: 0, turn: 1 },
      { idx: 1, turn: 1 },
    ])
  })

  it('counts a failed attempt and tries it again, as often as the plan says', async () => {
    const failure: Failure = { code: 'model_overloaded', message: 'busy' }
    runs.say({ task: (key) => (key === 'a' ? { failure } : {}) })
    const runId = await planned([task('a', { maxAttempts: 2 }), task('b', { dependsOn: ['a'] })])
    await runs.work(runId)
    expect(await ofTask(runId, 'a')).toEqual(['task.ready', 'task.started', 'task.retrying'])
    await runs.hurry(runId)
    await runs.work(runId)
    expect(await ofTask(runId, 'a')).toEqual([
      'task.ready',
      'task.started',
      'task.retrying',
      'task.started',
      'task.failed',
    ])
    expect((await taskStates(runs, runId)).map(({ status }) => status)).toEqual(['failed', 'skipped'])
    expect(
      await rows('select number, kind, status, error from flotilla.attempts where run_id = $1 order by number', runId),
    ).toMatchObject([
      { number: 1, kind: 'first', status: 'failed', error: { code: 'model_overloaded' } },
      { number: 2, kind: 'retry', status: 'failed', error: { code: 'model_overloaded' } },
    ])
  })

  it('goes on with an answer that was cut off, in its conversation, and burns no try', async () => {
    const parts = ['Logs stay ', '30 ', 'days.']
    runs.say({
      task: (_, n) => ({ text: parts[n] ?? '?', stopReason: n < 2 ? 'max_tokens' : 'end', usage }),
    })
    const runId = await planned([task('a', { maxAttempts: 1 })])
    for (let attempt = 1; attempt <= parts.length; attempt++) {
      await runs.hurry(runId)
      expect((await runs.work(runId)).map((claimed) => claimed.attempt)).toEqual([attempt])
    }
    expect(await attemptsOf(runId)).toEqual(['first released', 'continuation released', 'continuation succeeded'])
    const [output] = await rows<{ text: string }>(
      `select output ->> 'text' as text from flotilla.outputs where run_id = $1`,
      runId,
    )
    expect(output?.text).toBe('Logs stay 30 days.')
    expect(await runState(runs, runId)).toMatchObject({ modelCalls: 3, tokens: 330 })
    expect(await rows('select tries, continuations from flotilla.tasks where run_id = $1', runId)).toEqual([
      { tries: 1, continuations: 2 },
    ])
  })

  it('fails an answer that is cut off for ever after three continuations, whatever tries are left', async () => {
    runs.say({ task: () => ({ text: 'and ', stopReason: 'max_tokens' }) })
    const runId = await planned([task('a', { maxAttempts: 3 })])
    for (let attempt = 1; attempt <= 4; attempt++) {
      await runs.hurry(runId)
      expect(await runs.work(runId)).toHaveLength(1)
    }
    const failed = (await told(runs, runId)).find(({ type }) => type === 'task.failed')
    expect(failed?.data['error']).toMatchObject({
      code: 'model_truncated',
      message: expect.stringMatching(
        /cut off at \d+ tokens: raise the agent's maxOutputTokens.* \(it went on 3 times\)/,
      ),
    })
    expect(await attemptsOf(runId)).toEqual([
      'first released',
      'continuation released',
      'continuation released',
      'continuation failed',
    ])
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying' })
  })

  it('has an output revised that a rule refuses, with what was wrong', async () => {
    runs.say({ task: (_key, n) => ({ text: n === 0 ? 'short' : 'long enough to pass the rule' }) })
    const runId = await planned([task('a', { verify: [{ rule: 'minLength', value: 20 }] })])
    await runs.work(runId)
    expect(await ofTask(runId, 'a')).toEqual([
      'task.ready',
      'task.started',
      'task.revising',
      'task.started',
      'task.completed',
    ])
    const prompt = JSON.stringify(runs.calls()[1]?.request.messages)
    expect(prompt).toContain('short')
    expect(prompt).toContain('failed')
    expect(
      await rows('select attempt, decision from flotilla.verdicts where run_id = $1 order by attempt', runId),
    ).toEqual([
      { attempt: 1, decision: 'revise' },
      { attempt: 2, decision: 'accepted' },
    ])
  })

  it('hands judged criteria to a judge, and fails where the judge never accepts', async () => {
    runs.say({ judge: () => ({ text: judged(0.1), usage }) })
    const runId = await planned([task('a', { verify: [{ judge: 'It is funny', threshold: 0.8 }] })])
    await runs.work(runId)
    const log = await ofTask(runId, 'a')
    expect(log.slice(0, 4)).toEqual(['task.ready', 'task.started', 'task.verifying', 'task.revising'])
    expect(log.at(-1)).toBe('task.failed')
    const [attempt] = await rows<{ status: string; error: Failure }>(
      'select status, error from flotilla.attempts where run_id = $1 order by number desc limit 1',
      runId,
    )
    expect(attempt).toMatchObject({ status: 'failed', error: { code: 'verification_failed' } })
    expect(attempt?.error.message).toContain('It is funny')
  })

  it('counts what a judge fails, not how often it was claimed', async () => {
    const failure: Failure = { code: 'model_unavailable', message: 'away' }
    runs.say({ judge: () => ({ failure }) })
    const runId = await planned([task('a', { verify: [{ judge: 'It is good', threshold: 0.5 }] })])
    await runs.work(runId)
    // As lost, paused and drained judges leave it.
    await runs.pool.query('update flotilla.tasks set fence = fence + 9 where run_id = $1', [runId])
    for (const status of ['to_verify', 'failed']) {
      await runs.hurry(runId)
      await runs.work(runId)
      expect((await taskStates(runs, runId))[0]).toMatchObject({ status })
    }
  })

  it('does not blame a task for its judge at once: judging is tried again first', async () => {
    const failure: Failure = { code: 'model_unavailable', message: 'away' }
    runs.say({ judge: (n) => (n === 0 ? { failure } : { text: judged(1) }) })
    const runId = await planned([task('a', { verify: [{ judge: 'It is good', threshold: 0.5 }] })])
    await runs.work(runId)
    expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'to_verify', attempt: 1 })
    await runs.hurry(runId)
    await runs.work(runId)
    expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'completed', attempt: 1 })
  })

  it('has a letter where its judge fails in every try', async () => {
    runs.say({ judge: () => ({ failure: { code: 'model_unavailable', message: 'away' } }) })
    const runId = await planned([task('a', { verify: [{ judge: 'It is good', threshold: 0.5 }] })])
    for (let look = 0; look < 3; look++) {
      await runs.hurry(runId)
      await runs.work(runId)
    }
    expect((await taskStates(runs, runId))[0]).toMatchObject({ status: 'failed', attempt: 1 })
    expect(await rows('select idx, reason, error from flotilla.dead_letters where run_id = $1', runId)).toEqual([
      { idx: 0, reason: 'tries_used_up', error: { code: 'model_unavailable', message: 'the judge failed: away' } },
    ])
  })
})

describe('a budget', () => {
  const using = (tokens: number) => ({ inputTokens: tokens - 10, outputTokens: 10 })

  it('that is used up stops every further call, and is told once', async () => {
    runs.say({ task: (key) => ({ text: `done ${key}`, usage: using(6_500) }) })
    const wide = Array.from({ length: 6 }, (_, i) => task(`w${i}`, { dependsOn: ['a'], maxAttempts: 3 }))
    const runId = await planned([task('a'), ...wide], { budget: { tokens: 7_000 } })
    await runs.work(runId)
    expect(runs.calls()).toHaveLength(1)
    const log = await told(runs, runId)
    const exceeded = log.filter((event) => event.type === 'budget.exceeded')
    expect(exceeded).toHaveLength(1)
    expect(exceeded[0]?.data).toMatchObject({
      reason: expect.stringMatching(
        /^the run's budget of 7,000 tokens has 500 tokens left \(6,500 tokens spent, 0 tokens reserved\)/,
      ),
      policy: 'fail',
      budget: { level: 'run', dimension: 'tokens', limit: 7_000, settled: 6_500, reserved: 0 },
    })
    const failed = log.filter((event) => event.type === 'task.failed')
    expect(failed).toHaveLength(6)
    expect(failed[0]?.data['error']).toMatchObject({ code: 'budget_exceeded' })
    expect(await types(runs, runId)).not.toContain('task.retrying')
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying', tokens: 6_500 })
  })

  it('of a task stops that task alone', async () => {
    const search = [{ name: 'knowledge_search', arguments: { query: 'more' } }]
    const long = using(4_100)
    runs.say({ task: (key) => (key === 'a' ? { toolCalls: search, usage: long } : { text: key, usage: long }) })
    const runId = await planned([task('a', { budget: { tokens: 9_000 }, tools: ['knowledge_search'] }), task('b')])
    await runs.work(runId)
    expect((await taskStates(runs, runId)).map(({ key, status }) => [key, status])).toEqual([
      ['a', 'failed'],
      ['b', 'completed'],
    ])
    expect(
      await rows('select tokens, tool_calls as calls from flotilla.tasks where run_id = $1 and idx = 0', runId),
    ).toEqual([{ tokens: 8_200, calls: 2 }])
    expect(
      await rows(`select error ->> 'message' as message from flotilla.attempts where run_id = $1 and idx = 0`, runId),
    ).toEqual([
      { message: expect.stringContaining("the task's budget of 9,000 tokens has 800 tokens left (8,200 tokens spent") },
    ])
  })
})
