import type { JsonObject } from '@flotilla/domain'
import { sql } from 'kysely'
import { joinWholeRuns, json, type Tx } from '../connect.ts'
import type { WakeUp } from '../tasks/step.ts'
import { allowLongStatements, type LockedRun } from './transitions.ts'

export type CopyRun = Readonly<{
  /** A run whose tasks are rows; it stays as it is. */
  from: LockedRun
  uid: string
  /**
   * Positions of tasks to do over although they are completed, and with each all that depends on it. What is not completed is
   * done over in any case; all else is taken over with its output, last verdict and artifacts, and costs nothing.
   */
  again: readonly number[]
  /** Of `run.created`, beside what every run's has. */
  created: JsonObject
}>

export type CopiedRun = Readonly<{
  id: number
  createdAt: Date
  /** Tasks that can begin: to be woken after the commit. */
  ready: readonly WakeUp[]
}>

/**
 * A new run that begins in the middle of another: the same goal, documents, plan and agents, and the results that stand. In the
 * caller's transaction, in a dozen statements whatever the number of tasks; nothing leaves the database. It executes from its
 * first moment, so that no planner has to see it. The caller holds the lock of the other run, and looks that it was expanded
 * and that something is left to do.
 */
export async function copyRun(tx: Tx, input: CopyRun): Promise<CopiedRun> {
  await allowLongStatements(tx)
  await joinWholeRuns(tx)
  const { from } = input
  const run = await insertRun(tx, input)
  const ids = { from: from.id, to: run.id }
  const collection = await copyDocuments(tx, ids)
  await copySpec(tx, ids, collection)
  await copyTasks(tx, ids, input.again)
  await copyResults(tx, ids)
  await beginRun(tx, run, input)
  const ready = await tx
    .selectFrom('tasks')
    .select(['run_id as runId', 'idx', 'role', 'priority'])
    .where('run_id', '=', run.id)
    .where('status', '=', 'ready')
    .orderBy('idx')
    .execute()
  return { ...run, ready: ready.map((task) => ({ ...task, delayMs: 0, judge: false })) }
}

type Ids = Readonly<{ from: number; to: number }>
type NewRun = Readonly<{ id: number; createdAt: Date }>

async function insertRun(tx: Tx, { from, uid }: CopyRun): Promise<NewRun> {
  const { rows } = await sql<NewRun>`
    insert into flotilla.runs (workspace_id, uid, status, auto_start, expanded, priority, plan_version, started_at, deadline)
    select r.workspace_id, ${uid}, 'executing', true, true, r.priority, r.plan_version, now.at,
      now.at + (s.budget ->> 'seconds')::float8 * interval '1 s'
    from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id, (select clock_timestamp() as at) now
    where r.id = ${from.id}
    returning id, created_at as "createdAt"`.execute(tx)
  const [run] = rows
  if (run === undefined) throw new Error(`run ${from.uid} is gone under its lock`)
  return run
}

/** With what is indexed of them: embedding them anew would take minutes. */
async function copyDocuments(tx: Tx, { from, to }: Ids): Promise<number | null> {
  const { rows } = await sql<{ old: number; id: number }>`
    with old as (select s.collection_id as id, s.workspace_id from flotilla.run_specs s where s.run_id = ${from} and s.collection_id is not null),
    made as (insert into flotilla.collections (workspace_id, run_id) select workspace_id, ${to} from old returning id)
    select old.id as old, made.id from old, made`.execute(tx)
  const [collection] = rows
  if (collection === undefined) return null
  await sql`
    insert into flotilla.documents (collection_id, n, workspace_id, name, content, size_bytes, lines, sha256, indexed, media_type, media, pages)
    select ${collection.id}, n, workspace_id, name, content, size_bytes, lines, sha256, indexed, media_type, media, pages
    from flotilla.documents where collection_id = ${collection.old}`.execute(tx)
  await sql`
    insert into flotilla.chunks (collection_id, document_n, n, workspace_id, start_line, end_line, start_at, end_at, body, embedding, embedding_model)
    select ${collection.id}, document_n, n, workspace_id, start_line, end_line, start_at, end_at, body, embedding, embedding_model
    from flotilla.chunks where collection_id = ${collection.old}`.execute(tx)
  return collection.id
}

async function copySpec(tx: Tx, { from, to }: Ids, collection: number | null): Promise<void> {
  await sql`
    insert into flotilla.run_specs (run_id, workspace_id, goal, inputs, mode, labels, budget, collection_id, analysis, dispatch, simulated)
    select ${to}, workspace_id, goal, inputs, mode, labels, budget, ${collection}::bigint, analysis, dispatch, simulated
    from flotilla.run_specs where run_id = ${from}`.execute(tx)
  await sql`
    insert into flotilla.plans (run_id, version, workspace_id, made_by, tasks, result, created_at)
    select ${to}, version, workspace_id, made_by, tasks, result, created_at from flotilla.plans where run_id = ${from}`.execute(
    tx,
  )
}

/**
 * What is taken over has no attempt in this run: attempt 0, under which its output stands. How often it was revised stays with
 * it, since that is part of what it is worth.
 */
async function copyTasks(tx: Tx, { from, to }: Ids, again: readonly number[]): Promise<void> {
  await sql`
    with t as materialized (
      select t.*, t.status = 'completed' and a.idx is null as reused
      from flotilla.tasks t left join (select distinct idx from unnest(${again}::int[]) x(idx)) a on a.idx = t.idx where t.run_id = ${from}),
    waiting as (select distinct o.idx from t, unnest(t.outs) o(idx) where not t.reused)
    insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, revisions, due, deps, outs, start_within, optional, finished_at)
    select ${to}, t.idx, t.workspace_id, t.role, t.priority,
      case when t.reused then 'completed' when w.idx is null then 'ready' else 'pending' end, case when t.reused then t.revisions else 0 end,
      case when not t.reused and w.idx is null then clock_timestamp() + interval '3 s' end, t.deps, t.outs, t.start_within, t.optional,
      case when t.reused then clock_timestamp() end
    from t left join waiting w on w.idx = t.idx order by t.idx`.execute(tx)
  await sql`
    insert into flotilla.task_specs (run_id, idx, workspace_id, key, title, type, spec, agent_id, agent_name, model, selection)
    select ${to}, idx, workspace_id, key, title, type, spec, agent_id, agent_name, model, selection
    from flotilla.task_specs where run_id = ${from} order by idx`.execute(tx)
}

/** Outputs, last verdicts and artifacts of the tasks that are taken over. */
async function copyResults(tx: Tx, { from, to }: Ids): Promise<void> {
  const reused = sql`flotilla.tasks n join flotilla.tasks t on t.run_id = ${from} and t.idx = n.idx`
  await sql`
    insert into flotilla.outputs (run_id, idx, attempt, workspace_id, output, findings)
    select ${to}, o.idx, 0, o.workspace_id, o.output, o.findings
    from ${reused} join flotilla.outputs o on o.run_id = t.run_id and o.idx = t.idx and o.attempt = t.attempt
    where n.run_id = ${to} and n.status = 'completed'`.execute(tx)
  await sql`
    insert into flotilla.verdicts (run_id, idx, attempt, workspace_id, decision, score, findings, judge_model, at)
    select ${to}, v.idx, 0, v.workspace_id, v.decision, v.score, v.findings, v.judge_model, v.at
    from ${reused} join flotilla.verdicts v on v.run_id = t.run_id and v.idx = t.idx and v.attempt = t.attempt
    where n.run_id = ${to} and n.status = 'completed'`.execute(tx)
  await sql`
    insert into flotilla.artifacts (run_id, name, workspace_id, idx, attempt, media_type, size_bytes, sha256, content, created_at)
    select ${to}, a.name, a.workspace_id, a.idx, 0, a.media_type, a.size_bytes, a.sha256, a.content, a.created_at
    from flotilla.tasks n join flotilla.artifacts a on a.run_id = ${from} and a.idx = n.idx
    where n.run_id = ${to} and n.status = 'completed'`.execute(tx)
}

/** The run's counts, and its log so far: what it was made of, the ends that were taken over, then what is ready. */
async function beginRun(tx: Tx, run: NewRun, { from, created }: CopyRun): Promise<void> {
  const counted = await sql<{ total: number; done: number; priority: number; mode: string; documents: number }>`
    select count(*)::int as total, (count(*) filter (where t.status = 'completed'))::int as done, r.priority, s.mode,
      (select count(*) from flotilla.documents d where d.collection_id = s.collection_id)::int as documents
    from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id join flotilla.tasks t on t.run_id = r.id
    where r.id = ${run.id} group by r.id, s.run_id`.execute(tx)
  const { total = 0, done = 0, ...about } = counted.rows[0] ?? {}
  const percent = total === 0 ? 0 : Math.floor((100 * done) / total)
  const version = from.planVersion
  const progress = { percent, total, completed: done, failed: 0, skipped: 0 }
  const { rows } = await sql<{ seq: number }>`
    with logged as (
      insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
      select ${run.id}, row_number() over (order by e.rank, e.idx), ${from.workspaceId}, e.idx, e.type, now.at, e.data
      from (select clock_timestamp() as at) now, (
        select 1 as rank, null::int as idx, 'run.created' as type, ${json({ ...about, start: true, plannedTasks: total, ...created })}::jsonb as data
        union all select 2, null, 'run.plan_ready', ${json({ version, tasks: total, by: from.uid })}::jsonb
        union all select 3, null, 'run.started', ${json({ planVersion: version, tasks: total })}::jsonb
        union all
        select 4, n.idx, 'task.completed', jsonb_build_object('reused', jsonb_build_object('run', ${from.uid}::text, 'attempt', t.attempt))
        from flotilla.tasks n join flotilla.tasks t on t.run_id = ${from.id} and t.idx = n.idx where n.run_id = ${run.id} and n.status = 'completed'
        union all select 5, null, 'run.progress', ${json(progress)}::jsonb where ${percent}::int > 0
        union all
        select 6, n.idx, 'task.ready', jsonb_build_object('role', n.role) from flotilla.tasks n where n.run_id = ${run.id} and n.status = 'ready') e
      returning seq)
    select max(seq) as seq from logged`.execute(tx)
  await tx
    .updateTable('runs')
    .set({ seq: rows[0]?.seq ?? 0, total, todo: total - done, completed: done })
    .where('id', '=', run.id)
    .execute()
}
