import { NO_SPEND } from '@flotilla/domain'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { releaseLostCalls, reserveCalls, settleCalls } from './budgets/calls.ts'
import { createDb } from './connect.ts'
import { claimPlanning, claimRuns, handBackRuns, heartbeatRuns } from './runs/claims.ts'
import { expandRuns, type ExpandTask } from './runs/expand.ts'
import { readEndedRuns } from './runs/finish-reads.ts'
import { finishRuns, writeEnd } from './runs/finish.ts'
import { learnFromRuns, readLearnedTasks, readUnlearned } from './stats/learn.ts'
import { failUnstarted } from './tasks/fail-unstarted.ts'
import { readClaimsToStop } from './tasks/late.ts'
import { knock, lineUp, park, readParkedRoles, unpark } from './tasks/parking.ts'
import { step } from './tasks/step.ts'
import { heartbeat, sweep } from './tasks/transitions.ts'
import { describeVisit, openExplained, visited } from './testing/explained.ts'
import { describeRun, openRecord, settle, stepInput, type TestRecord } from './testing/record-fixture.ts'

/** Runs of each kind that a grown record holds. */
const GROWN = 1_000
/** Runs in planning are counted, and a page of the sweep has a few tasks. */
const MOST = 60
const PLANNING = 20

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
  await record.pool.query(`insert into flotilla.workspaces (id, uid, name) values (2, 'wsp_2', 'two')`)
})
afterAll(() => record.close())

const lease = { worker: 'w1', leaseMs: 60_000 }
const selection = { agentId: '', agent: 'w', model: 'noop:noop', drafted: false, reason: '', candidates: [] }
const task = (idx: number): ExpandTask => ({
  idx,
  deps: idx === 0 ? [] : [0],
  outs: idx === 0 ? [1] : [],
  spec: { key: `t${idx}`, role: 'writer', optional: false, scheduleToStartSeconds: 3600 } as ExpandTask['spec'],
  title: '',
  type: 'task',
  agentId: null,
  selection,
})

/** From the plan to what is learned from it, with the chores beside it. */
async function live({ pool }: Explained): Promise<void> {
  const db = createDb(pool)
  const asked = [await submitted(), await submitted()]
  const claims = (await claimPlanning(db, { ...lease, asked })).flatMap((each) => each?.claim ?? [])
  expect(claims.map((each) => each.runId)).toEqual(asked)
  expect(await heartbeatRuns(db, claims, 60_000)).toEqual([])
  const plan = { planVersion: 1, tasks: [task(0), task(1)] }
  expect(
    await expandRuns(
      db,
      claims.map(({ runId, fence }) => ({ runId, fence, ...plan })),
    ),
  ).toEqual([true, true])
  const firsts = asked.map((runId) => ({ runId, idx: 0 }))
  await park(pool, firsts)
  await lineUp(
    pool,
    firsts.map(({ runId }) => ({ workspaceId: 1, runId, role: 'writer', first: 0 })),
  )
  await chores(pool, asked[0] ?? 0)
  await unpark(pool, { roles: null, n: 2, started: [{ workspaceId: 1, n: 1 }] })
  for (const tasks of [firsts, asked.map((runId) => ({ runId, idx: 1 }))]) {
    const { claimed } = await step(pool, stepInput({ claims: tasks }))
    expect(claimed).toHaveLength(2)
    const call = { key: `c${tasks[0]?.idx}`, kind: 'model' as const, name: 'm', most: NO_SPEND }
    await reserveCalls(
      pool,
      claimed.map(({ runId, idx, fence }) => ({ ...call, runId, idx, fence })),
    )
    await heartbeat(pool, claimed, 60_000)
    expect(await readClaimsToStop(pool, claimed)).toEqual([])
    await settleCalls(
      pool,
      claimed.map(({ runId }) => ({ runId, key: call.key, used: NO_SPEND })),
    )
    await step(pool, stepInput({ settlements: claimed.map((each) => settle(each, 'complete', OUTPUT)) }))
  }
  const held = [...(await claimRuns(db, { ...lease, runIds: asked, phase: 'finish' })).values()]
  expect(await handBackRuns(db, held)).toHaveLength(2)
  const ends = [...(await claimRuns(db, { ...lease, runIds: asked, phase: 'finish' })).values()]
  await readEndedRuns(db, asked)
  const end = { status: 'completed' as const, result: null, quality: null, error: null, simulated: true }
  const report = { json: {}, markdown: '' }
  expect(
    await finishRuns(
      db,
      ends.map(({ runId, fence }) => writeEnd({ runId, fence, ...end, report })),
    ),
  ).toEqual([true, true])
  await chores(pool, asked[0] ?? 0)
  await readLearnedTasks(db, asked)
  await learnFromRuns(db, asked, [])
}

const OUTPUT = { data: { output: { text: '', artifacts: [], citations: [], simulated: true } } }

async function chores(pool: Explained['pool'], runId: number): Promise<void> {
  const page = { after: runId - 1, limit: 1, ready: true, deep: true, maxRecoveries: 5 }
  await sweep(pool, page)
  await failUnstarted(pool, { after: page.after, upTo: runId })
  await knock(pool)
  await readParkedRoles(pool)
  await readUnlearned(createDb(pool), 100)
  await releaseLostCalls(pool, 100)
}

async function submitted(): Promise<number> {
  const runId = await record.plant([], { status: 'created', expanded: false })
  await describeRun(record, runId)
  return runId
}

/** Runs that nothing is to be done to now: ended ones, and as many of each kind that is under way. */
async function grow(n: number): Promise<void> {
  await record.pool.query(
    `with r as (
       insert into flotilla.runs (workspace_id, uid, status, live, learned, auto_start, expanded, priority, holder, due)
       select k.workspace, 'run_' || gen_random_uuid(), k.status, k.live, not k.live, true, k.expanded, 5, k.holder,
         case when k.live then clock_timestamp() + interval '1 day' end
       from (values (1, 'completed', false, true, null), (1, 'verifying', true, true, 'w2'), (1, 'executing', true, true, null),
           (1, 'paused', true, true, null), (2, 'created', true, false, null), (2, 'planning', true, false, 'w2'))
         k(workspace, status, live, expanded, holder), generate_series(1, $1) i
       where k.status <> 'planning' or i <= ${PLANNING} returning id, workspace_id)
     insert into flotilla.run_specs (run_id, workspace_id, goal, inputs, mode, labels, budget)
     select id, workspace_id, '', '{}', 'auto', '{}', '{}' from r`,
    [n],
  )
}

type Explained = Awaited<ReturnType<typeof openExplained>>

it('a session looks up what it was given, however young the record was when it began', async () => {
  const sessions: Explained[] = []
  const begin = async (): Promise<void> => {
    const session = await openExplained(record)
    await live(session)
    sessions.push(session)
  }
  await begin()
  for (let runs = 0; runs < 10; runs += 1) {
    await grow(runs * 3)
    await begin()
  }
  const analyze = (): Promise<unknown> => record.open('owner', 1).query('analyze')
  await analyze()
  await begin()
  await record.pool.query('delete from flotilla.runs')
  await analyze()
  await begin()
  await grow(GROWN)
  const far: string[] = []
  for (const [i, session] of sessions.entries()) {
    const nodes = await session.plans(() => live(session))
    const scans = nodes.filter((node) => node['Relation Name'] !== undefined && node['Node Type'] !== 'ModifyTable')
    expect(scans.length).toBeGreaterThan(20)
    far.push(...scans.filter((node) => visited(node) > MOST).map((node) => `session ${i}: ${describeVisit(node)}`))
    const joins = nodes.filter((node) => (node['Rows Removed by Join Filter'] ?? 0) > MOST)
    far.push(...joins.map((node) => `session ${i}: ${node['Rows Removed by Join Filter']} in a join of ${node.query}`))
  }
  expect(far).toEqual([])
})
