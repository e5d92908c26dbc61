import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, settle, stepInput, type TestRecord } from '../testing/record-fixture.ts'
import { step } from './step.ts'
import { heartbeat, sweep } from './transitions.ts'

/**
 * The functions of the hot path are planned once a session, possibly on an empty table, and the plan stays: on a grown one
 * it has to look rows up by key. auto_explain tells every statement inside a function with what it really visited.
 */
type Node = Readonly<{
  'Node Type': string
  'Relation Name'?: string
  'Index Cond'?: string
  'Actual Rows'?: number
  'Actual Loops'?: number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  Plans?: readonly Node[]
}>

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

/** One session of the engine that tells its plans. */
async function openExplained(): Promise<{ pool: pg.Pool; plans(work: () => Promise<unknown>): Promise<Node[]> }> {
  const pool = record.open('owner', 1)
  const told: string[] = []
  pool.on('connect', (client) => client.on('notice', (notice) => told.push(notice.message ?? '')))
  await pool.query(`load 'auto_explain'`)
  await pool.query(`set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on; set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off; set auto_explain.log_format = json; set auto_explain.log_level = notice; set client_min_messages = notice`)
  await pool.query('set role flotilla_engine')
  return {
    pool,
    plans: async (work) => {
      told.length = 0
      await work()
      return told.flatMap((text) => {
        const from = text.indexOf('{')
        return from < 0 ? [] : nodesOf((JSON.parse(text.slice(from)) as { Plan: Node }).Plan)
      })
    },
  }
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** Rows that a node has looked at, over all its loops. */
const visited = (node: Node): number =>
  (node['Actual Loops'] ?? 0) * ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0))

const HOT: ReadonlySet<string> = new Set(['runs', 'tasks', 'events', 'attempts', 'outputs', 'verdicts', 'turns'])

/** No join reads or sorts out more than what it was given keys of. */
function expectLookups(nodes: readonly Node[], most: Readonly<Record<string, number>>): void {
  const hot = nodes.filter((node) => HOT.has(node['Relation Name'] ?? '') && node['Node Type'] !== 'ModifyTable')
  expect(hot.length).toBeGreaterThan(0)
  expect(
    hot.map((node) => node['Node Type']).filter((type) => type !== 'Index Scan' && type !== 'Index Only Scan'),
  ).toEqual([])
  expect(hot.filter((node) => node['Index Cond'] === undefined)).toEqual([])
  const joins = nodes.map((node) => node['Node Type']).filter((type) => type === 'Hash Join' || type === 'Merge Join')
  expect(joins).toEqual([])
  for (const [table, rows] of Object.entries(most)) {
    const worst = Math.max(0, ...hot.filter((node) => node['Relation Name'] === table).map(visited))
    expect(worst, `rows of ${table} that one node visited`).toBeLessThanOrEqual(rows)
  }
}

/** A run with a task under way that releases `width` others, one more that is ready, and many that have nothing to do with them. */
const fan = (width: number, others: number) =>
  record.plant([
    { status: 'in_progress' },
    ...Array.from({ length: width }, () => ({ deps: [0] })),
    {},
    ...Array.from({ length: others }, () => ({})),
  ])

async function grow(): Promise<void> {
  await record.pool.query(`
    with r as (
      insert into flotilla.runs (workspace_id, uid, status, auto_start, expanded, priority, total, todo)
      select 1, 'run_grown_' || n, 'executing', true, true, 5, 100, 100 from generate_series(1, 300) n returning id)
    insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, deps, outs, due)
    select r.id, i, 1, 'writer', 5, case when i = 0 then 'ready' else 'pending' end, case when i = 0 then '{}' else array[i - 1] end,
      case when i = 99 then '{}' else array[i + 1] end, clock_timestamp() + interval '1 hour'
    from r, generate_series(0, 99) i`)
  await record.open('owner', 1).query('analyze flotilla.runs; analyze flotilla.tasks')
}

describe('the functions of the hot path look rows up by key', () => {
  const WIDTH = 6
  const OTHERS = 300
  const act = async (pool: pg.Pool): Promise<void> => {
    const runId = await fan(WIDTH, OTHERS)
    const failing = await fan(WIDTH, OTHERS)
    const settlements = [
      settle({ runId, idx: 0, fence: 1 }, 'complete', {
        data: { output: { text: '', artifacts: [], citations: [], simulated: true } },
      }),
      settle({ runId: failing, idx: 0, fence: 1 }, 'fail'),
    ]
    const { settled, claimed } = await step(
      pool,
      stepInput({ settlements, claims: [{ runId, idx: WIDTH + 1 }], cap: 3 }),
    )
    expect([settled.length, claimed.length]).toEqual([2, 4])
    expect(await heartbeat(pool, claimed, 60_000)).toEqual([])
  }
  /** A deep page of one run reads that run's tasks. */
  const look = async (pool: pg.Pool): Promise<void> => {
    const runId = await fan(WIDTH, 0)
    await sweep(pool, { after: runId - 1, limit: 1, ready: true, deep: true, maxRecoveries: 5 })
  }
  const STEP = { runs: 4, tasks: 4 * WIDTH, events: 0 }
  const SWEEP = { runs: 2, tasks: 2 * (WIDTH + 2) }

  it('planned on an empty table, and still so when it has grown; planned anew on the grown table', async () => {
    const early = await openExplained()
    expectLookups(await early.plans(() => act(early.pool)), STEP)
    expectLookups(await early.plans(() => look(early.pool)), SWEEP)
    await grow()
    expectLookups(await early.plans(() => act(early.pool)), STEP)
    expectLookups(await early.plans(() => look(early.pool)), SWEEP)
    const late = await openExplained()
    expectLookups(await late.plans(() => act(late.pool)), STEP)
    expectLookups(await late.plans(() => look(late.pool)), SWEEP)
  })
})
