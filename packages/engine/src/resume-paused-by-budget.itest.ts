import { inWorkspace, pauseForBudget, readRun } from '@flotilla/db'
import type { BudgetStop, CreateRunInput } from '@flotilla/domain'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expireRuns } from './expire-runs.ts'
import { patchRun } from './patch-run.ts'
import { resumeRun } from './resume-run.ts'
import { openRuns, type Runs } from './testing/run-fixture.ts'
import { runState } from './testing/run-reads.ts'

let runs: Runs
beforeEach(async () => {
  runs = await openRuns()
})
afterEach(() => runs.close())

const plan = { tasks: [{ key: 'a', role: 'writer', instructions: 'Do a' }] }
const STOP: BudgetStop = { level: 'run', dimension: 'costUsd', limit: 1, reserved: 0, settled: 0, asked: 3 }
const deps = () => ({
  db: runs.app,
  hints: runs.deps.hints,
  wake: { plan: async () => {}, finish: async () => {}, tasks: async () => {} },
})
const ref = async (runId: number) => {
  const { rows } = await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
  return { workspaceId: 1, runId: rows[0]?.uid ?? '' }
}
/** A run whose call of $3 did not fit. */
async function resting(budget: NonNullable<CreateRunInput['budget']>, stop: BudgetStop = STOP): Promise<number> {
  const runId = await runs.submit({ plan, budget: { onExceeded: 'pause', ...budget } })
  await runs.plan(runId)
  await runs.pool.query('select flotilla.open_budget($1, null)', [runId])
  const told = { reason: 'it does not fit', policy: 'pause', budget: { ...stop } }
  expect(await pauseForBudget(runs.deps.db, { runId, idx: 0 }, told)).toBe(true)
  return runId
}
const patch = async (runId: number, budget: NonNullable<Parameters<typeof patchRun>[2]['budget']>) =>
  patchRun(deps(), await ref(runId), { budget })
const statusOf = async (runId: number) => (await runState(runs, runId)).status

describe('a run that its budget has paused', () => {
  it('stays so with another policy, which a resume then follows', async () => {
    const runId = await resting({ costUsd: 1 })
    const rests = { status: 'paused', pause: { needs: { dimension: 'costUsd', least: 3 }, resumable: true } }
    expect(await patch(runId, { onExceeded: 'fail' })).toMatchObject({ ok: true, value: rests })
    expect(await patch(runId, {})).toMatchObject({ ok: true, value: { status: 'paused' } })
    expect(await resumeRun(deps(), await ref(runId))).toMatchObject({ ok: true })
    expect(await statusOf(runId)).toBe('executing')
  })

  it('is not resumed while its call does not fit, with the least that lets it go on', async () => {
    const runId = await resting({ costUsd: 1 })
    const { runId: uid } = await ref(runId)
    expect(await resumeRun(deps(), await ref(runId))).toMatchObject({
      ok: false,
      code: 'conflict',
      detail: expect.stringContaining(`raise it to at least $3.00 with \`flotilla runs budget ${uid} --usd N\``),
    })
    expect(await statusOf(runId)).toBe('paused')
  })

  it('goes on with a limit that its call fits, and with no smaller one, or with another', async () => {
    const runId = await resting({ costUsd: 1 })
    for (const budget of [{ costUsd: 2 }, { tokens: 9_000 }, { costUsd: 0.5 }])
      expect(await patch(runId, budget)).toMatchObject({ ok: true, value: { status: 'paused' } })
    expect(await patch(runId, { costUsd: 3 })).toMatchObject({ ok: true, value: { status: 'executing' } })
  })

  it('for its time goes on with more of it', async () => {
    const runId = await runs.submit({ plan, budget: { seconds: 8, onExceeded: 'pause' } })
    await runs.plan(runId)
    await runs.pool.query(
      `update flotilla.runs set started_at = now() - interval '9 s', deadline = now() - interval '1 s' where id = $1`,
      [runId],
    )
    const woken: number[] = []
    const wakeFinish = (run: Readonly<{ runId: number }>) => void woken.push(run.runId)
    expect(await expireRuns({ db: runs.deps.db, hints: runs.deps.hints, wakeFinish })).toEqual({ expired: 1 })
    expect([await statusOf(runId), woken]).toEqual(['paused', []])
    expect(await resumeRun(deps(), await ref(runId))).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/budget of 8 seconds has .* seconds spent; raise it .*--seconds N/),
    })
    const view = await inWorkspace(runs.app, 1, async (tx) => readRun(tx, (await ref(runId)).runId))
    const least = view?.pause?.needs?.least ?? 0
    expect(least).toBeGreaterThan(69)
    for (const seconds of [8.5, least - 1])
      expect(await patch(runId, { seconds })).toMatchObject({
        ok: false,
        code: 'invalid_input',
        errors: [{ path: '/budget/seconds', message: expect.stringMatching(/expected at least \d+(\.\d)? seconds/) }],
      })
    expect(await statusOf(runId)).toBe('paused')
    expect(await patch(runId, { seconds: Math.ceil(least) })).toMatchObject({
      ok: true,
      value: { status: 'executing' },
    })
    const { rows } = await runs.pool.query('select deadline > now() as ahead from flotilla.runs where id = $1', [runId])
    expect(rows).toEqual([{ ahead: true }])
  })

  it('says what it needs by what is spent and held now, and that it can be resumed once its call fits', async () => {
    const runId = await resting({ costUsd: 1 })
    const pauseNow = async () =>
      (await inWorkspace(runs.app, 1, async (tx) => readRun(tx, (await ref(runId)).runId)))?.pause
    expect(await pauseNow()).toMatchObject({ needs: { dimension: 'costUsd', least: 3 } })
    const spend = (usd: number) =>
      runs.pool.query(
        `update flotilla.budgets set cost_usd_settled = $2, cost_usd_over = $2, cost_usd_limit = $3 where run_id = $1 and level = 'run'`,
        [runId, usd, 4],
      )
    await spend(1.5)
    expect(await pauseNow()).toMatchObject({ needs: { dimension: 'costUsd', least: 4.5 } })
    expect(await pauseNow()).not.toHaveProperty('resumable')
    await spend(0.5)
    expect(await pauseNow()).toMatchObject({ resumable: true })
    expect(await pauseNow()).not.toHaveProperty('needs')
  })

  it('goes on without the limit', async () => {
    const runId = await resting({ costUsd: 1 })
    expect(await patch(runId, { costUsd: null })).toMatchObject({ ok: true, value: { status: 'executing' } })
  })

  it('is resumed by a person as any other once its call fits', async () => {
    const runId = await resting({ costUsd: 1 })
    await patch(runId, { costUsd: 4 })
    await runs.pool.query(
      `update flotilla.runs set status = 'paused', resume_to = 'executing', paused_at = now() where id = $1`,
      [runId],
    )
    expect(await resumeRun(deps(), await ref(runId))).toMatchObject({ ok: true })
  })
})
