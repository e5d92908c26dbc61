import type { Plan, Selection } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, transact, type Db, type Tx } from '../connect.ts'
import { lockClaimedRun } from './claims.ts'

export type ExpandTask = Readonly<{
  idx: number
  deps: readonly number[]
  outs: readonly number[]
  spec: Plan['tasks'][number]
  title: string
  type: string
  agentId: number | null
  selection: Selection
}>

export type ExpandInput = Readonly<{
  runId: number
  workspaceId: number
  fence: number
  planVersion: number
  priority: number
  tasks: readonly ExpandTask[]
  /** Positions of those that wait for nothing and are parked nevertheless. */
  parked?: ReadonlySet<number>
}>

/** Rows that one statement takes: bounded, so that a plan of 10,000 tasks stays within the statement's time and memory. */
const PAGE = 2_000

/**
 * The plan becomes rows, and those that wait for nothing become ready, in one transaction with `run.started`. False: the
 * fence is lost, the run has ended, or it is expanded already. Roots need no wake-up from here: their `due` has them woken.
 * A run that is paused meanwhile stays so: the resume wakes them.
 */
export function expandRun(db: Db, input: ExpandInput): Promise<boolean> {
  return transact(db, async (tx) => {
    const run = await lockClaimedRun(tx, input)
    if (run === null || run.expanded) return false
    for (let i = 0; i < input.tasks.length; i += PAGE) await insertTasks(tx, input, input.tasks.slice(i, i + PAGE))
    await startRun(tx, input)
    return true
  })
}

async function insertTasks(tx: Tx, input: ExpandInput, tasks: readonly ExpandTask[]): Promise<void> {
  const rows = tasks.map((task) => ({
    idx: task.idx,
    role: task.spec.role,
    start_within: task.spec.scheduleToStartSeconds ?? null,
    optional: task.spec.optional,
    deps: task.deps,
    outs: task.outs,
    parked: input.parked?.has(task.idx) ?? false,
    key: task.spec.key,
    title: task.title,
    type: task.type,
    spec: task.spec,
    agent_id: task.agentId,
    agent_name: task.selection.agent,
    model: task.selection.model,
    selection: task.selection,
  }))
  const payload = json(rows)
  await sql`
    insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, due, deps, outs, start_within, optional)
    select ${input.runId}, r.idx, ${input.workspaceId}, r.role, ${input.priority}, case when cardinality(r.deps) = 0 then 'ready' else 'pending' end,
      case when r.parked then 'infinity' when cardinality(r.deps) = 0 then clock_timestamp() + interval '3 s' end, r.deps, r.outs, r.start_within, coalesce(r.optional, false)
    from jsonb_to_recordset(${payload}::jsonb) r(idx int, role text, deps int[], outs int[], start_within int, optional boolean, parked boolean)`.execute(
    tx,
  )
  await sql`
    insert into flotilla.task_specs (run_id, idx, workspace_id, key, title, type, spec, agent_id, agent_name, model, selection)
    select ${input.runId}, r.idx, ${input.workspaceId}, r.key, r.title, r.type, r.spec, r.agent_id, r.agent_name, r.model, r.selection
    from jsonb_to_recordset(${payload}::jsonb)
      r(idx int, key text, title text, type text, spec jsonb, agent_id bigint, agent_name text, model text, selection jsonb)`.execute(
    tx,
  )
}

/** run.started, then task.ready of each root, with the run's next numbers. */
async function startRun(tx: Tx, input: ExpandInput): Promise<void> {
  const roots = input.tasks.filter((task) => task.deps.length === 0)
  const total = input.tasks.length
  const { rows } = await sql<{ seq: number }>`
    update flotilla.runs r set status = case when status = 'paused' then status else 'executing' end,
      resume_to = case when status = 'paused' then 'executing' end,
      expanded = true, holder = null, due = null, tries = 0, plan_version = ${input.planVersion},
      total = ${total}, todo = ${total}, seq = seq + ${1 + roots.length}, started_at = coalesce(started_at, now.at),
      deadline = coalesce(started_at, now.at) + (
        select (budget ->> 'seconds')::float8 * interval '1 s' from flotilla.run_specs where run_id = r.id)
    from (select clock_timestamp() as at) now
    where id = ${input.runId} returning seq`.execute(tx)
  const first = (rows[0]?.seq ?? 0) - roots.length
  await sql`
    insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
    select ${input.runId}::bigint, ${first}::int, ${input.workspaceId}::bigint, null::int, 'run.started', clock_timestamp(), ${json({ planVersion: input.planVersion, tasks: total })}::jsonb
    union all
    select ${input.runId}::bigint, ${first}::int + r.n::int, ${input.workspaceId}::bigint, r.idx, 'task.ready', clock_timestamp(), jsonb_build_object('role', r.role)
    from unnest(${roots.map((t) => t.idx)}::int[], ${roots.map((t) => t.spec.role)}::text[]) with ordinality r(idx, role, n)`.execute(
    tx,
  )
}
