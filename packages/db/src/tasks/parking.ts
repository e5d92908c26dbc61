import type pg from 'pg'
import { wakeUpOf, type TaskRef, type WakeRow, type WakeUp } from './step.ts'

/** Judging, beside the roles of agents. */
export const JUDGING = '@judge'

/** Starts of a workspace's tasks that no draw brought; below 0: drawn tasks that did not start. */
export type Started = Readonly<{ workspaceId: number; n: number }>

/** `waiting`: workspaces that still have something parked for these roles, two of them at most. */
export type Unparked = Readonly<{ tasks: readonly Drawn[]; waiting: readonly number[] }>

export type Drawn = WakeUp & Readonly<{ workspaceId: number }>

type DrawnRow = [...WakeRow, workspaceId: number]
type Row = { tasks: DrawnRow[] | null; waiting: number[] | null }

/**
 * Leaves ready tasks to the record: nobody wakes them, and free places draw them by share. What is not ready any more, or held
 * by another statement at this moment, stays as it is.
 */
export async function park(pool: pg.Pool, tasks: readonly TaskRef[]): Promise<void> {
  await pool.query({
    name: 'park',
    text: 'select flotilla.park($1, $2)',
    values: [tasks.map((task) => task.runId), tasks.map((task) => task.idx)],
  })
}

/** Draws up to `n` parked tasks of these roles (null: of all), by weighted share; they are due again in 3 s. With 0 only looks. */
export async function unpark(
  pool: pg.Pool,
  input: Readonly<{ roles: readonly string[] | null; n: number; started: readonly Started[] }>,
): Promise<Unparked> {
  const { rows } = await pool.query<{ r: Row }>({
    name: 'unpark',
    text: 'select flotilla.unpark($1, $2, $3, $4) as r',
    values: [input.roles, input.n, input.started.map((each) => each.workspaceId), input.started.map((each) => each.n)],
  })
  const { tasks, waiting } = (rows[0] as { r: Row }).r
  return { tasks: (tasks ?? []).map(drawnOf), waiting: waiting ?? [] }
}

const drawnOf = ([runId, idx, role, delayMs, judge, priority, workspaceId]: DrawnRow): Drawn => ({
  ...wakeUpOf([runId, idx, role, delayMs, judge, priority]),
  workspaceId,
})

/** Draws one parked task of each role that has some: for the queue, where nobody looks by himself. */
export async function knock(pool: pg.Pool): Promise<WakeUp[]> {
  const { rows } = await pool.query<{ r: DrawnRow[] | null }>({ name: 'knock', text: 'select flotilla.knock() as r' })
  return (rows[0]?.r ?? []).map(drawnOf)
}

/** Roles for which tasks are parked that could start: not those of runs that rest or have ended. */
export async function readParkedRoles(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ role: string }>({
    name: 'parked_roles',
    text: `select distinct role from flotilla.parked where (select status from flotilla.runs where id = run_id) = 'executing'`,
  })
  return rows.map((row) => row.role)
}

/** Tasks of a run that were written as parked: those of one role, from its position `first` on. */
export type ParkedLine = Readonly<{ workspaceId: number; runId: number; role: string; first: number }>

/** Tells where tasks are parked that were written so. Its locks wait for no commit to reach the disk. */
export async function lineUp(pool: pg.Pool, parked: readonly ParkedLine[]): Promise<void> {
  await pool.query({
    name: 'line_up',
    text: `select set_config('synchronous_commit', 'off', true), flotilla.line_up($1, $2, $3, $4)`,
    values: [
      parked.map((each) => each.workspaceId),
      parked.map((each) => each.runId),
      parked.map((each) => each.role),
      parked.map((each) => each.first),
    ],
  })
}
