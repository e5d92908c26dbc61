import type { Connection } from '../services/postgres.ts'
import type { Scope } from '../scope.ts'
import { until } from '../until.ts'

/** What the record must hold after a measurement. */
export type Expected = Readonly<{
  runs: number
  tasks: number
  /** What the last task of each run has computed, where tasks compute something. */
  value: number | null
  /** Workers were taken away meanwhile: what they handed back was begun twice, and done once. */
  handedBack?: boolean
}>

const CHECKS = `
  select
    (select count(*)::int from flotilla.runs) as "runs",
    (select count(*)::int from flotilla.runs where status <> 'completed') as "runs not completed",
    (select count(*)::int from flotilla.tasks) as "tasks",
    (select count(*)::int from flotilla.tasks where status <> 'completed') as "tasks not completed",
    (select count(*)::int from flotilla.tasks where attempt <> 1) as "tasks executed more than once",
    (select count(*)::int from flotilla.attempts where status = 'succeeded') as "attempts",
    (select count(*)::int from flotilla.attempts where status not in ('succeeded', 'released')) as "attempts lost or failed",
    (select count(*)::int from flotilla.outputs) as "outputs",
    (select count(*)::int from flotilla.events where type = 'task.completed') as "completions",
    (select count(distinct (run_id, idx))::int from flotilla.events where type = 'task.completed') as "tasks with a completion",
    (select count(*)::int from (
      select from flotilla.events group by run_id having min(seq) <> 1 or max(seq) <> count(*)) g) as "runs with a gap in their events",
    (select count(*)::int from flotilla.runs r join flotilla.outputs o on o.run_id = r.id and o.idx = r.total - 1
      where $1::text is not null and o.output ->> 'text' is distinct from $1) as "runs with a wrong result"`

/** Fails a measurement whose record is not what it must be: all tasks completed, each once, and no event missing. */
export async function checkRecord(db: Connection, { runs, tasks, value, handedBack = false }: Expected): Promise<void> {
  const expected: Record<string, number> = {
    runs,
    tasks,
    attempts: tasks,
    outputs: tasks,
    completions: tasks,
    'tasks with a completion': tasks,
  }
  const { rows } = await db.query<Record<string, number>>(CHECKS, [value === null ? null : String(value)])
  const wrong = Object.entries(rows[0] ?? {}).filter(
    ([what, found]) => found !== (expected[what] ?? 0) && !(handedBack && what === 'tasks executed more than once'),
  )
  if (wrong.length === 0) return
  const told = wrong.map(([what, found]) => `${what}: expected ${expected[what] ?? 0}, found ${found}`)
  throw new Error(`the record is wrong after the measurement: ${told.join('; ')}`)
}

/** Nothing is live, and nothing left to learn from. */
export async function untilSettled(scope: Scope, db: Connection): Promise<void> {
  const sql = `
    select not exists (select from flotilla.runs where live)
      and not exists (select from flotilla.runs where not live and not learned) as settled`
  await until(async () => (await db.query<{ settled: boolean }>({ name: 'settled', text: sql })).rows[0]?.settled, {
    what: 'all runs have ended',
    signal: scope.signal,
    everyMs: 25,
    timeoutMs: 300_000,
  })
}

/** Every run's tasks are written and wait for a worker. */
export async function untilExpanded(scope: Scope, db: Connection): Promise<void> {
  const sql = `select not exists (select from flotilla.runs where live and status <> 'executing') as expanded`
  await until(async () => (await db.query<{ expanded: boolean }>(sql)).rows[0]?.expanded, {
    what: 'all runs are planned',
    signal: scope.signal,
    everyMs: 25,
    timeoutMs: 300_000,
  })
}

/** When the last run ended, in ms of the database's clock. */
export async function lastEndMs(db: Connection): Promise<number> {
  const { rows } = await db.query<{ ms: number }>(
    'select extract(epoch from max(finished_at))::float8 * 1000 as ms from flotilla.runs',
  )
  return rows[0]?.ms ?? Number.NaN
}

/** When a run's first event of this type was written, in ms of the database's clock. */
export async function eventMs(db: Connection, runId: string, type: string): Promise<number> {
  const { rows } = await db.query<{ ms: number | null }>(
    `select extract(epoch from min(e.at))::float8 * 1000 as ms
     from flotilla.events e join flotilla.runs r on r.id = e.run_id where r.uid = $1 and e.type = $2`,
    [runId, type],
  )
  const ms = rows[0]?.ms
  if (ms === null || ms === undefined) throw new Error(`run ${runId} has no event ${type}`)
  return ms
}

/** For each of these runs, the ms from when its tasks were there until the last had settled. */
export async function taskSpansMs(db: Connection, runIds: readonly string[]): Promise<number[]> {
  const { rows } = await db.query<{ ms: number }>(
    `select extract(epoch from max(e.at) filter (where e.type = 'run.verifying')
       - max(e.at) filter (where e.type = 'run.started'))::float8 * 1000 as ms
     from flotilla.events e join flotilla.runs r on r.id = e.run_id where r.uid = any ($1) group by e.run_id`,
    [runIds],
  )
  return rows.map(({ ms }) => ms)
}

/** The time in ms of the database's clock, as well as the quickest of some answers tells: it has microseconds. */
export async function databaseClock(db: Connection): Promise<() => number> {
  let best = { roundTripMs: Number.POSITIVE_INFINITY, offsetMs: 0 }
  for (let i = 0; i < 20; i += 1) {
    const asked = performance.now()
    const { rows } = await db.query<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms')
    const roundTripMs = performance.now() - asked
    const offsetMs = (rows[0]?.ms ?? Number.NaN) - asked - roundTripMs / 2
    if (roundTripMs < best.roundTripMs) best = { roundTripMs, offsetMs }
  }
  return () => performance.now() + best.offsetMs
}
