import { randomBytes } from 'node:crypto'
import { sortableId, type AttemptKind, type RunStatus, type StoredTaskStatus } from '@flotilla/domain'
import { createTestDatabase } from '@flotilla/testing'
import type pg from 'pg'
import { createDb, createPool, type Db, type DbRole } from '../connect.ts'
import { migrate } from '../migrate.ts'
import type { ClaimedTask, Settlement, SettlementData, StepInput, StepResult, TaskRef, Verb } from '../tasks/step.ts'
import { step } from '../tasks/step.ts'

export type TestRecord = Readonly<{
  url: string
  /** As the engine sees the record: all of it. */
  pool: pg.Pool
  db: Db
  /** A further pool on the same record, closed with it. */
  open(role: DbRole, max?: number): pg.Pool
  /** An executing run with these tasks; answers its number. */
  plant(tasks: readonly Seedling[], run?: Partial<Soil>): Promise<number>
  step(input: Partial<StepInput>): Promise<StepResult>
  close(): Promise<void>
}>

export type Seedling = Readonly<{
  deps?: readonly number[]
  optional?: boolean
  role?: string
  /** As expansion would have it when left out: ready without dependencies, else pending. */
  status?: StoredTaskStatus
  fence?: number
  attempt?: number
  kind?: AttemptKind
  tries?: number
  recoveries?: number
  revisions?: number
  worker?: string
  /** Milliseconds from now. */
  dueMs?: number
  notBeforeMs?: number
}>

export type Soil = Readonly<{
  workspaceId: number
  status: RunStatus
  live: boolean
  expanded: boolean
  holder: string
  dueMs: number
  priority: number
}>

/** A migrated record of this test's own. */
export async function openRecord(): Promise<TestRecord> {
  const database = await createTestDatabase({
    template: { name: 'record', migrate: async (url) => void (await migrate(url)) },
  })
  const pools: pg.Pool[] = []
  const open = (role: DbRole, max = 4): pg.Pool => {
    const pool = createPool({ url: database.url, role, max, applicationName: 'test', onError: () => {} })
    pools.push(pool)
    return pool
  }
  const pool = open('engine', 10)
  return {
    url: database.url,
    pool,
    db: createDb(pool),
    open,
    plant: (tasks, run) => plant(pool, tasks, run),
    step: (input) => step(pool, stepInput(input)),
    close: async () => {
      await Promise.all(pools.map((each) => each.end()))
      await database.drop()
    },
  }
}

export const stepInput = (input: Partial<StepInput>): StepInput => ({
  settlements: [],
  claims: [],
  cap: 0,
  served: null,
  leaseMs: 60_000,
  worker: 'w1',
  ...input,
})

const CLAIMED: ReadonlySet<StoredTaskStatus> = new Set(['in_progress', 'verifying'])
const ENDED = ['completed', 'failed', 'skipped', 'cancelled'] as const

async function plant(pool: pg.Pool, tasks: readonly Seedling[], run: Partial<Soil> = {}): Promise<number> {
  const { workspaceId = 1, status = 'executing', live = true, expanded = true, priority = 5 } = run
  const rows = tasks.map((task, idx) => taskRow(task, idx))
  const outs: number[][] = tasks.map(() => [])
  tasks.forEach((task, idx) => task.deps?.forEach((dep) => outs[dep]?.push(idx)))
  const count = (...statuses: StoredTaskStatus[]) => rows.filter((row) => statuses.includes(row.status)).length
  const { rows: runs } = await pool.query<{ id: number }>(
    `with r as (
       insert into flotilla.runs (workspace_id, uid, status, live, auto_start, expanded, priority, holder, due, total, todo, completed, failed, skipped, started_at)
       values ($1, $2, $3, $4, true, $5, $6, $7, clock_timestamp() + $8 * interval '1 ms', $9, $10, $11, $12, $13, clock_timestamp()) returning id),
     t as (
       insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, fence, attempt, kind, tries, recoveries, revisions, worker, due, not_before, deps, outs, optional, started_at)
       select r.id, x.idx, $1, x.role, $6, x.status, x.fence, x.attempt, x.kind, x.tries, x.recoveries, x.revisions, x.worker,
         clock_timestamp() + x.due_ms * interval '1 ms', clock_timestamp() + x.not_before_ms * interval '1 ms', x.deps, x.outs, x.optional,
         case when x.attempt > 0 then clock_timestamp() end
       from r, jsonb_to_recordset($14::jsonb) x(idx int, role text, status text, fence int, attempt int, kind text, tries int, recoveries int,
         revisions int, worker text, due_ms int, not_before_ms int, deps int[], outs int[], optional boolean))
     select id from r`,
    [
      workspaceId,
      sortableId('run', Date.now(), randomBytes(16)),
      status,
      live,
      expanded,
      priority,
      run.holder ?? null,
      run.dueMs ?? null,
      tasks.length,
      tasks.length - count(...ENDED),
      count('completed'),
      count('failed'),
      count('skipped'),
      JSON.stringify(rows.map((row, i) => ({ ...row, outs: outs[i] }))),
    ],
  )
  const runId = runs[0]?.id ?? 0
  await pool.query(
    `insert into flotilla.task_specs (run_id, idx, workspace_id, key, title, type, spec)
     select $1, n - 1, $2, 't' || n - 1, '', 'general', '{}' from generate_series(1, $3::int) n`,
    [runId, workspaceId, tasks.length],
  )
  return runId
}

/** What a planted run is to do, and within which budget. */
export const describeRun = (
  { pool }: Pick<TestRecord, 'pool'>,
  runId: number,
  { workspaceId = 1, goal = '', budget = {} }: Readonly<{ workspaceId?: number; goal?: string; budget?: object }> = {},
): Promise<unknown> =>
  pool.query(
    `insert into flotilla.run_specs (run_id, workspace_id, goal, inputs, mode, labels, budget) values ($1, $2, $3, '{}', 'parallel', '{}', $4)`,
    [runId, workspaceId, goal, JSON.stringify(budget)],
  )

function taskRow(task: Seedling, idx: number) {
  const status = task.status ?? (task.deps?.length ? 'pending' : 'ready')
  const claimed = CLAIMED.has(status)
  return {
    idx,
    role: task.role ?? 'writer',
    status,
    fence: task.fence ?? (claimed ? 1 : 0),
    attempt: task.attempt ?? (claimed ? 1 : 0),
    kind: task.kind ?? 'first',
    tries: task.tries ?? (claimed ? 1 : 0),
    recoveries: task.recoveries ?? 0,
    revisions: task.revisions ?? 0,
    worker: task.worker ?? (claimed ? 'w1' : null),
    due_ms: task.dueMs ?? (claimed ? 60_000 : null),
    not_before_ms: task.notBeforeMs ?? null,
    deps: task.deps ?? [],
    optional: task.optional ?? false,
  }
}

/** A settlement of a claim with as little as a verb needs. */
export function settle(
  held: TaskRef & Readonly<{ fence: number }>,
  verb: Verb,
  more: Readonly<{ judged?: boolean; delayMs?: number; data?: Partial<SettlementData> }> = {},
): Settlement {
  return {
    runId: held.runId,
    idx: held.idx,
    fence: held.fence,
    judged: more.judged ?? false,
    verb,
    delayMs: more.delayMs ?? 0,
    data: { kind: 'first', ...more.data },
  }
}

/** Claims these tasks, all of them claimable, in the order of the answer. */
export async function claim(record: TestRecord, runId: number, ...tasks: number[]): Promise<ClaimedTask[]> {
  const { claimed } = await record.step({ claims: tasks.map((idx) => ({ runId, idx })) })
  const byIdx = new Map(claimed.map((task) => [task.idx, task]))
  return tasks.map((idx) => {
    const task = byIdx.get(idx)
    if (task === undefined) throw new Error(`task ${idx} of run ${runId} could not be claimed`)
    return task
  })
}
