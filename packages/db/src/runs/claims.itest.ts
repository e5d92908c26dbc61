import type { Dispatch, Plan, RunStatus } from '@flotilla/domain'
import { NO_USAGE } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, type Soil, type TestRecord } from '../testing/record-fixture.ts'
import { readLog, readRun, readTasks } from '../testing/record-reads.ts'
import { claimRun, handBackRuns, heartbeatRuns, type RunClaim, type RunPhase } from './claims.ts'
import { expandRun, type ExpandTask } from './expand.ts'
import { finishRun } from './finish.ts'
import { acceptPlan, failPlanning, postponePlanning, recordAnalysis, recordPlan } from './planning.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const claimAs = (worker: string, runId: number, phase: RunPhase = 'plan'): Promise<RunClaim | null> =>
  claimRun(record.db, { runId, phase, worker, leaseMs: 60_000 })

async function plant(soil: Partial<Soil>): Promise<number> {
  const runId = await record.plant([], { expanded: false, ...soil })
  await record.db
    .insertInto('run_specs')
    .values({ run_id: runId, workspace_id: 1, goal: '', inputs: '{}', mode: 'parallel', labels: '{}', budget: '{}' })
    .execute()
  return runId
}

/** A run whose planning `w1` has claimed. */
async function claimed(soil: Partial<Soil> = {}, phase: RunPhase = 'plan'): Promise<RunClaim> {
  const claim = await claimAs('w1', await plant({ status: 'created', ...soil }), phase)
  if (claim === null) throw new Error('the run could not be claimed')
  return claim
}

describe('a claim of a run', () => {
  const STATUSES: readonly RunStatus[] = [
    'created',
    'planning',
    'awaiting_approval',
    'executing',
    'paused',
    'verifying',
    'completed',
    'failed',
    'cancelled',
  ]
  it.each([
    ['plan', false, ['created', 'planning', 'executing']],
    ['plan', true, ['created', 'planning']],
    ['finish', false, ['verifying']],
    ['finish', true, ['verifying']],
  ] as const)('to %s it, expanded: %s, is had while it is one of %j', async (phase, expanded, allowed) => {
    const had: RunStatus[] = []
    for (const status of STATUSES) {
      const runId = await plant({ status, expanded })
      const claim = await claimAs('w1', runId, phase)
      if (claim === null) expect(await readRun(record.pool, runId)).toMatchObject({ status, fence: 0, holder: null })
      else {
        had.push(status)
        const now = status === 'created' ? 'planning' : status
        expect(claim).toMatchObject({ runId, fence: 1, tries: 1, status: now, expanded })
        expect(await readRun(record.pool, runId)).toMatchObject({
          status: now,
          fence: 1,
          holder: 'w1',
          dueWithinMs: 60_000,
        })
      }
    }
    expect(had).toEqual(allowed)
  })

  it('is told only when planning begins', async () => {
    const { runId } = await claimed()
    expect(await readLog(record.pool, runId)).toMatchObject([{ seq: 1, type: 'run.planning', data: { worker: 'w1' } }])
  })

  it('is had by one of many', async () => {
    const runId = await plant({ status: 'created' })
    const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => claimAs(`w${i}`, runId)))
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1)
  })

  it('that is held is refused to others until its lease runs out, and then taken over under a new fence', async () => {
    const first = await claimed()
    expect(await claimAs('w2', first.runId)).toBeNull()
    await record.pool.query('update flotilla.runs set due = clock_timestamp() where id = $1', [first.runId])
    expect(await claimAs('w2', first.runId)).toMatchObject({ fence: 2, tries: 2 })
    expect(await readLog(record.pool, first.runId)).toHaveLength(1)
    expect(await heartbeatRuns(record.db, [first], 1_000)).toEqual([first.runId])
  })

  it('is renewed by heartbeat while it is held', async () => {
    const claim = await claimed()
    expect(await heartbeatRuns(record.db, [claim, { runId: claim.runId + 1_000_000, fence: 1 }], 9_000)).toEqual([
      claim.runId + 1_000_000,
    ])
    expect(await readRun(record.pool, claim.runId)).toMatchObject({ dueWithinMs: 10_000 })
  })
})
