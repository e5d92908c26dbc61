import type { PlanTaskInput } from '@flotilla/domain'
import { describeOnEachBackend } from '@flotilla/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startModelServer, type ModelServer, type Script } from './fixture/model-server.ts'
import { analysis, byMode, judgement, plan } from './fixture/planned.ts'
import { untilEnded, type EndedRun } from './fixture/run-record.ts'
import { useSystem, type System } from './fixture/system.ts'

let models: ModelServer
beforeAll(async () => {
  models = await startModelServer()
})
afterAll(() => models.close())

/** Runs a goal whose calls the script answers; without tasks the model plans. */
async function run(system: System, goal: string, script: Script, tasks?: readonly PlanTaskInput[]): Promise<EndedRun> {
  models.script(goal, script)
  const { id } = await system.client.runs.create({
    goal,
    ...(tasks === undefined ? {} : { plan: { tasks: [...tasks] } }),
  })
  return untilEnded(system.client, id)
}

const attemptsOf = async ({ client }: System, runId: string, key: string): Promise<string[]> =>
  (await client.tasks.get(runId, key)).attempts.map(({ kind, status }) => `${kind} ${status}`)

describe('planning with a model', () => {
  const system = useSystem(() => ({ backend: 'postgres', env: models.env('chat') }))
  const cyclic = plan([
    { key: 'a', dependsOn: ['b'] },
    { key: 'b', dependsOn: ['a'] },
  ])

  test('sends a malformed plan back with its errors, and takes the mended one', async () => {
    const goal = 'A plan in a circle, then a straight one'
    const { run: ended } = await run(
      system(),
      goal,
      byMode({
        ANALYSIS: () => analysis(),
        COORDINATOR: ({ turn }) => (turn === 1 ? cyclic : plan([{ key: 'a' }])),
        TASK_EXECUTION: () => ({ say: 'done' }),
      }),
    )
    expect(ended).toMatchObject({ status: 'completed', dispatch: { repairs: 1 }, progress: { total: 1 } })
    const [, repair] = models.calls(goal).filter(({ mode }) => mode === 'COORDINATOR')
    expect(repair?.text).toMatch(/<issue[^>]*>\n.*a.*b.*a.*\n<\/issue>/)
  })

  test('fails a run whose plans stay malformed, with the errors of the last', async () => {
    const goal = 'A plan in a circle, for ever'
    const { run: ended, events } = await run(
      system(),
      goal,
      byMode({ ANALYSIS: () => analysis(), COORDINATOR: () => cyclic }),
    )
    expect(ended).toMatchObject({ status: 'failed', planVersion: 0, error: { code: 'plan_invalid' } })
    expect(ended.error?.message).toContain('the model gave no valid plan after 2 repairs')
    expect(ended.error?.message).toMatch(/a → b → a|b → a → b/)
    expect(models.calls(goal).filter(({ mode }) => mode === 'COORDINATOR')).toHaveLength(3)
    expect(ended.usage.modelCalls).toBe(4)
    expect(events.at(-1)).toMatchObject({ type: 'run.failed', data: { error: { code: 'plan_invalid' } } })
  })

  test('fails a run whose plans are no plans at all', async () => {
    const { run: ended } = await run(
      system(),
      'Prose for a plan',
      byMode({ ANALYSIS: () => analysis(), COORDINATOR: () => ({ say: 'I would rather not plan.' }) }),
    )
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'plan_invalid' } })
    expect(ended.error?.message).toContain('expected JSON')
  })

  test('plans again when the model is away for a moment', async () => {
    let refusals = 0
    const { run: ended } = await run(system(), 'Plan after an outage', (call) => {
      if (call.mode === 'COORDINATOR' && refusals++ === 0) return { status: 503 }
      if (call.mode === 'COORDINATOR') return plan([{ key: 'a' }])
      return call.mode === 'ANALYSIS' ? analysis() : { say: 'done' }
    })
    expect(ended.status).toBe('completed')
  })
})

describeOnEachBackend('working with a model that fails', (backend) => {
  const system = useSystem(() => ({ backend, env: models.env('chat') }))

  test('waits as long as the model asks, which is no try, and goes on', async () => {
    const goal = `Too many requests on ${backend}`
    const { run: ended, events } = await run(
      system(),
      goal,
      ({ number }) =>
        number === models.calls(goal)[0]?.number ? { status: 429, headers: { 'retry-after': '1' } } : { say: 'done' },
      [{ key: 'a', role: 'writer' }],
    )
    expect(ended.status).toBe('completed')
    expect(await attemptsOf(system(), ended.id, 'a')).toEqual(['first released', 'continuation succeeded'])
    const [refused, answered] = models.calls(goal)
    expect((answered?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(1_000)
    expect(events.some(({ type }) => type === 'task.retrying')).toBe(false)
    const [first] = (await system().client.tasks.get(ended.id, 'a')).attempts
    expect(first?.error).toMatchObject({ code: 'model_rate_limited', message: expect.stringMatching(/^waits: /) })
    expect(ended.error).toBeNull()
  })

  test('fails a task whose model stays away, and reports what the others made', async () => {
    const goal = `Errors without end on ${backend}`
    const { run: ended } = await run(
      system(),
      goal,
      ({ task }) => (task === 'broken' ? { status: 500 } : { say: `the part of ${task}` }),
      [
        { key: 'fine', role: 'writer' },
        { key: 'broken', role: 'writer' },
        { key: 'after', role: 'writer', dependsOn: ['broken', 'fine'] },
      ],
    )
    expect(ended).toMatchObject({
      status: 'failed',
      progress: { total: 3, completed: 1, failed: 1, skipped: 1 },
      error: { code: 'model_unavailable', taskKey: 'broken' },
    })
    // Each of three tries calls up to three times; once the model's circuit is open, a try waits for it.
    const attempts = await attemptsOf(system(), ended.id, 'broken')
    expect(attempts.filter((attempt) => attempt.endsWith(' failed'))).toHaveLength(3)
    expect(attempts.filter((attempt) => !/ (failed|released)$/.test(attempt))).toEqual([])
    const calls = models.calls(goal).filter(({ task }) => task === 'broken').length
    expect(calls).toBeGreaterThanOrEqual(3)
    expect(calls).toBeLessThanOrEqual(9)
    const report = await system().client.runs.report(ended.id)
    expect(report).toContain('the part of fine')
    expect(report).toContain('broken')
    expect(ended.result?.outputs ?? { fine: ended.result?.text }).toMatchObject({ fine: 'the part of fine' })
  })

  test('does not try again what cannot get better', async () => {
    const goal = `No such model on ${backend}`
    const { run: ended } = await run(system(), goal, () => ({ status: 404 }), [{ key: 'a', role: 'writer' }])
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'model_bad_request' } })
    expect(models.calls(goal)).toHaveLength(1)
  })

  test('takes an empty answer for a failure', async () => {
    const goal = `Silence on ${backend}`
    const { run: ended } = await run(system(), goal, () => ({ say: '' }), [
      { key: 'a', role: 'writer', maxAttempts: 1 },
    ])
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'model_malformed' }, result: null })
  })

  describe('and a judge', () => {
    const judged = [{ key: 'a', role: 'writer', verify: [{ judge: 'Names the colour', threshold: 0.7 }] }]

    test('is told once more when its first answer does not do', async () => {
      const goal = `Revise on ${backend}`
      const { run: ended } = await run(
        system(),
        goal,
        byMode({
          VERIFIER: ({ text }) =>
            text.includes('It is blue') ? judgement(1, 'It says blue.') : judgement(0.2, 'No colour is named.'),
          TASK_EXECUTION: ({ first }) => ({ say: first.includes('<revision>') ? 'It is blue.' : 'It is nice.' }),
        }),
        judged,
      )
      expect(ended).toMatchObject({ status: 'completed', result: { text: 'It is blue.' } })
      const task = await system().client.tasks.get(ended.id, 'a')
      expect(task.attempts.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
        'first succeeded',
        'revision succeeded',
      ])
      expect(task.verdicts).toEqual([
        expect.objectContaining({
          attempt: 1,
          decision: 'revise',
          score: 0.2,
          findings: [
            { criterion: 'Names the colour', by: 'judge', rationale: 'No colour is named.', score: 0.2, passed: false },
          ],
        }),
        expect.objectContaining({ attempt: 2, decision: 'accepted', score: 1 }),
      ])
      const revision = models.calls(goal).find(({ first }) => first.includes('<revision>'))
      expect(revision?.first).toContain('No colour is named.')
      expect(revision?.first).toContain('It is nice.')
    })

    test('fails when no answer does', async () => {
      const { run: ended } = await run(
        system(),
        `Reject on ${backend}`,
        byMode({
          VERIFIER: () => judgement(0.1, 'Grey is no colour.'),
          TASK_EXECUTION: () => ({ say: 'It is grey.' }),
        }),
        judged,
      )
      expect(ended).toMatchObject({ status: 'failed', error: { code: 'verification_failed', taskKey: 'a' } })
      expect(ended.error?.message).toContain('Names the colour (Grey is no colour.)')
      const { verdicts, attempts } = await system().client.tasks.get(ended.id, 'a')
      expect(verdicts.map(({ decision }) => decision)).toEqual(['revise', 'revise', 'rejected'])
      expect(attempts.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
        'first succeeded',
        'revision succeeded',
        'revision failed',
      ])
    })

    test('that stays away fails the task, and is named as the reason', async () => {
      const goal = `No judge on ${backend}`
      const { run: ended, events } = await run(
        system(),
        goal,
        ({ mode }) => (mode === 'VERIFIER' ? { status: 500 } : { say: 'It is blue.' }),
        judged,
      )
      expect(ended).toMatchObject({ status: 'failed', error: { code: 'model_unavailable', taskKey: 'a' } })
      expect(ended.error?.message).toContain('the judge failed: ')
      const [worked, ...judging] = models.calls(goal).map(({ mode }) => mode)
      expect([worked, ...new Set(judging)]).toEqual(['TASK_EXECUTION', 'VERIFIER'])
      expect(judging.length).toBeGreaterThanOrEqual(3)
      expect(judging.length).toBeLessThanOrEqual(9)
      const failed = events.find(({ type }) => type === 'task.failed')
      const { error } = await system().client.tasks.get(ended.id, 'a')
      expect(failed?.data['error']).toMatchObject({ ...error })
    })
  })
})
