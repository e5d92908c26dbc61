import type { RunStatus, StoredTaskStatus } from '@flotilla/domain'
import type pg from 'pg'
import type { TaskCounters, TaskRef } from '../tasks/step.ts'

export type RecordState = Readonly<{
  runs: readonly Readonly<{
    id: number
    status: RunStatus
    todo: number
    completed: number
    failed: number
    skipped: number
    tasks: readonly (Readonly<{ status: StoredTaskStatus }> & TaskCounters)[]
    log: readonly string[]
  }>[]
  pools: Readonly<Record<string, number>>
}>

type Derived = Readonly<{ seq: number; events: number; first: number; last: number; open: number; ended: number[] }>
type Row = Omit<RecordState['runs'][number], 'log'> & Derived & Readonly<{ log: string[] }>

const STATE = `
  select r.id, r.status, r.todo, r.completed, r.failed, r.skipped, r.seq,
    (select json_agg(json_build_object('status', t.status, 'fence', t.fence, 'attempt', t.attempt, 'kind', t.kind, 'tries', t.tries,
      'recoveries', t.recoveries, 'revisions', t.revisions, 'continuations', t.continuations) order by t.idx) from flotilla.tasks t where t.run_id = r.id) as tasks,
    coalesce((select json_agg(e.type || ' ' || coalesce(e.idx::text, 'null')) from flotilla.events e
      where e.run_id = r.id and e.type <> 'run.progress'), '[]') as log,
    (select count(*)::int from flotilla.events e where e.run_id = r.id) as events,
    (select coalesce(max(e.seq), 0)::int from flotilla.events e where e.run_id = r.id) as last,
    (select count(*)::int from flotilla.tasks t where t.run_id = r.id and t.status not in ('completed', 'failed', 'skipped', 'cancelled')) as open,
    (select array[count(*) filter (where t.status = 'completed'), count(*) filter (where t.status = 'failed'), count(*) filter (where t.status = 'skipped')]::int[]
      from flotilla.tasks t where t.run_id = r.id) as ended
  from flotilla.runs r order by r.id`

/** What the record says of all runs. Throws where what it keeps beside its rows is not what they say. */
export async function readRecord(pool: pg.Pool): Promise<RecordState> {
  const { rows } = await pool.query<Row>(STATE)
  const { rows: pools } = await pool.query<{ role: string; running: number }>(
    'select role, running from flotilla.pools',
  )
  for (const row of rows) checkDerived(row)
  return {
    runs: rows.map(({ id, status, todo, completed, failed, skipped, tasks, log }) => ({
      id,
      status,
      todo,
      completed,
      failed,
      skipped,
      tasks,
      log: log.toSorted(),
    })),
    pools: Object.fromEntries(pools.map(({ role, running }) => [role, running])),
  }
}

function checkDerived(row: Row): void {
  const kept = [row.todo, row.completed, row.failed, row.skipped, row.seq, row.seq]
  const counted = [row.open, ...row.ended, row.events, row.last]
  const names = ['todo', 'completed', 'failed', 'skipped', 'seq (count)', 'seq (last)']
  names.forEach((name, n) => {
    if (kept[n] !== counted[n])
      throw new Error(`run ${row.id} keeps ${name} ${kept[n]}, and its rows say ${counted[n]}`)
  })
}

/** The times of these tasks have come, and nobody else's. */
export async function passTime(pool: pg.Pool, come: readonly TaskRef[]): Promise<void> {
  await pool.query(
    `update flotilla.tasks t set due = case when t.due is not null then clock_timestamp() + case when c.run_id is null then interval '1 h' else interval '-1 s' end end,
       not_before = case when c.run_id is null then t.not_before end
     from flotilla.tasks o left join unnest($1::bigint[], $2::int[]) c(run_id, idx) on c.run_id = o.run_id and c.idx = o.idx
     where t.run_id = o.run_id and t.idx = o.idx`,
    [come.map(({ runId }) => runId), come.map(({ idx }) => idx)],
  )
}
