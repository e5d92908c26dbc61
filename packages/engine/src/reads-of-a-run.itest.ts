import { randomBytes } from 'node:crypto'
import {
  expireRun,
  knock,
  park,
  readOverdueApprovals,
  readParkedRoles,
  readUnlearned,
  releaseLostCalls,
  releaseLostMonthCalls,
  sweep,
  unpark,
} from '@flotilla/db'
import { CreateRunSchema } from '@flotilla/domain'
import { systemClock } from '@flotilla/runtime'
import { copyRun } from '@flotilla/testing/copy-run'
import pg from 'pg'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { submitRun } from './submit-run.ts'
import { openRuns, SESSIONS, type Runs } from './testing/run-fixture.ts'
import { runState } from './testing/run-reads.ts'

const COPIES = 2_000
const LIVE = 500
const AGENTS = 30
/** Planning reads all agents; whatever else went through any of it would pass this. */
const SLACK = 3 * AGENTS
const TASKS = [
  { key: 'a', role: 'writer', instructions: 'Do a', budget: { tokens: 1_000_000 } },
  { key: 'b', role: 'writer', instructions: 'Do b' },
  { key: 'c', role: 'writer', instructions: 'Do c', dependsOn: ['a', 'b'] },
]

let runs: Runs
let admin: pg.Client
beforeAll(async () => {
  runs = await openRuns()
  admin = new pg.Client(runs.url)
  await admin.connect()
  // The first attempt at each "b" is refused by its provider: what was held for it is given back.
  const refused = new Set<string>()
  runs.say({
    task: (key, _n, request) => {
      const of = /Write \w+/.exec(JSON.stringify(request.messages))?.[0] ?? ''
      if (key !== 'b' || refused.has(of)) return { text: `the result of ${key}` }
      refused.add(of)
      return { failure: { code: 'model_overloaded', message: 'busy' } }
    },
  })
})
afterAll(async () => {
  await admin.end()
  await runs.close()
})

/** From the request to what is learned from it, with the chores that look for something to do beside it. */
async function wholeRun(): Promise<number> {
  const key = randomBytes(8).toString('hex')
  const accepted = await submitRun(
    { db: runs.app, clock: systemClock, random: randomBytes, wake: { plan: async () => {} }, tools: [] },
    {
      workspaceId: 1,
      body: v.parse(CreateRunSchema, { goal: `Write ${key}`, plan: { tasks: TASKS } }),
      bodyHash: '',
      idempotencyKey: key,
    },
  )
  if (!accepted.ok) throw new Error(`the run was refused: ${JSON.stringify(accepted)}`)
  const { rows } = await runs.pool.query<{ id: number }>('select id from flotilla.runs where uid = $1', [
    accepted.value.id,
  ])
  const runId = rows[0]?.id ?? 0
  await runs.plan(runId)
  await park(runs.pool, [
    { runId, idx: 0 },
    { runId, idx: 1 },
  ])
  await chores()
  await unpark(runs.pool, { roles: null, n: 2, started: [{ workspaceId: 1, n: 1 }] })
  for (let round = 0; round < 3; round += 1) {
    await runs.work(runId)
    await runs.hurry(runId)
  }
  await runs.finish(runId)
  await chores()
  await runs.learn(runId)
  return runId
}

async function chores(): Promise<void> {
  await knock(runs.pool)
  await readParkedRoles(runs.pool)
  await readUnlearned(runs.db, 100)
  await readOverdueApprovals(runs.db, 100)
  await releaseLostCalls(runs.pool, 100)
  await releaseLostMonthCalls(runs.pool, 60_000)
  await expireRun(runs.db)
  await sweep(runs.pool, { after: 0, limit: 10, ready: true, deep: true, maxRecoveries: 5 })
}

/** Rows and index entries that were read so far, by index and table. */
async function reads(): Promise<Map<string, number>> {
  for (const pool of runs.pools) {
    // Each session keeps its counts to itself until it is asked for them.
    const clients = await Promise.all(Array.from({ length: SESSIONS }, () => pool.connect()))
    await Promise.all(clients.map((client) => client.query('select pg_stat_force_next_flush()')))
    for (const client of clients) client.release()
  }
  await admin.query('select pg_stat_force_next_flush()')
  const { rows } = await admin.query<{ name: string; n: string }>(`
    select indexrelname as name, idx_tup_read as n from pg_stat_user_indexes where schemaname = 'flotilla'
    union all select relname, seq_tup_read from pg_stat_user_tables where schemaname = 'flotilla'`)
  return new Map(rows.map(({ name, n }) => [name, Number(n)]))
}

/** What one more run reads of each. */
async function readsOfARun(): Promise<Map<string, number>> {
  const before = await reads()
  const runId = await wholeRun()
  const after = await reads()
  expect(await runState(runs, runId)).toMatchObject({ status: 'completed' })
  return new Map([...after].map(([name, n]) => [name, n - (before.get(name) ?? 0)]))
}

/** More of everything: runs with all that hangs on them, others that are under way and rest, and agents. */
async function grow(runId: number): Promise<void> {
  const { rows } = await admin.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
  await copyRun(admin, rows[0]?.uid ?? '', COPIES)
  await admin.query(`
    insert into flotilla.runs (workspace_id, uid, status, auto_start, expanded, priority, holder, due)
    select 1, 'run_' || status || n, status, true, true, 5, 'another', clock_timestamp() + interval '1 day'
    from unnest('{executing,verifying,paused,awaiting_approval}'::text[]) status, generate_series(1, ${LIVE}) n`)
  await admin.query(`
    insert into flotilla.agents (workspace_id, uid, origin, name, role, description, capabilities, system_prompt, tools, max_turns, max_output_tokens, enabled)
    select workspace_id, 'agt_' || n, origin, 'copy ' || n, 'researcher', description, capabilities, system_prompt, tools, max_turns, max_output_tokens, enabled
    from (select * from flotilla.agents order by id limit 1) a, generate_series(1, ${AGENTS}) n`)
}

describe('what a run reads', () => {
  it("is a run's, however many there were: by plans that were made while there were none, and by later ones", async () => {
    // All sessions ask for everything, as often as it takes them to keep a plan.
    for (let round = 0; round < 6; round += 1) await Promise.all(Array.from({ length: 4 }, wholeRun))
    const young = await readsOfARun()
    await grow(await wholeRun())
    const grown = await readsOfARun()
    await admin.query('analyze')
    const known = await readsOfARun()
    const more = [grown, known].flatMap((later) =>
      [...later].filter(([name, n]) => n > (young.get(name) ?? 0) + SLACK).map(([name, n]) => `${name}: ${n}`),
    )
    expect(more).toEqual([])
    // What it does read is counted.
    expect(young.get('tasks_pkey')).toBeGreaterThan(TASKS.length)
  })
})
