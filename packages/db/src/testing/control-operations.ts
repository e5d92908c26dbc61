import { inWorkspace, type Db, type Tx } from '../connect.ts'
import { recordCancel } from '../runs/cancel.ts'
import { expireRun } from '../runs/deadline.ts'
import { recordPause, recordResume, type Resumed } from '../runs/pause.ts'
import { lockRun, type LockedRun } from '../runs/transitions.ts'
import type { Claim } from '../tasks/transitions.ts'
import { modelCancel, modelExpire, modelLate, modelPause, modelResume } from './control-model.ts'
import { byKey, NOW, operation, type Operation } from './record-operations.ts'
import type { RecordModel, RunModel } from './record-model.ts'

const HOUR_MS = 3_600_000

/** `app`: the connection of the API, which may do what its workspace allows. */
export type ControlledRun = Readonly<{ id: number; uid: string; app: Db }>

const runOf = (record: RecordModel, { id }: ControlledRun): RunModel => record.runs.get(id) as RunModel

const locked = <T>({ app, uid }: ControlledRun, work: (tx: Tx, run: LockedRun) => Promise<T>): Promise<T> =>
  inWorkspace(app, 1, async (tx) => {
    const run = await lockRun(tx, uid)
    if (run === null) throw new Error(`run ${uid} is gone`)
    return work(tx, run)
  })

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled'])

export const cancelOperation = (target: ControlledRun): Operation =>
  operation(
    `cancel ${target.id}`,
    () => locked(target, async (tx, run) => (ENDED.has(run.status) ? null : recordCancel(tx, run))),
    (record) => modelCancel(runOf(record, target)),
  )

export const pauseOperation = (target: ControlledRun): Operation =>
  operation(
    `pause ${target.id}`,
    () =>
      locked(
        target,
        async (tx, run) => !ENDED.has(run.status) && run.status !== 'paused' && (await recordPause(tx, run)),
      ),
    (record) => modelPause(runOf(record, target)),
  )

export const resumeOperation = (target: ControlledRun): Operation =>
  operation(
    `resume ${target.id}`,
    async () => roughly(await locked(target, recordResume)),
    (record) => roughly(modelResume(runOf(record, target), NOW)),
  )

/** Delays are none, seconds or an hour: the model's clock stands still, and the record's does not. */
function roughly(resumed: Resumed | null): Resumed | null {
  const rounded = (delayMs: number): number => Math.round(delayMs / HOUR_MS) * HOUR_MS || Math.min(delayMs, 1)
  return (
    resumed && {
      ...resumed,
      tasks: byKey(resumed.tasks).map((task) => ({ ...task, delayMs: rounded(task.delayMs) })),
    }
  )
}

/** Ends the wall time of a run; null where somebody else holds it just now. */
export const expireOperation = (target: ControlledRun): Operation =>
  operation(
    `end the time of ${target.id}`,
    async ({ pool, db }) => {
      await pool.query(`update flotilla.runs set deadline = clock_timestamp() - interval '1 s' where id = $1`, [
        target.id,
      ])
      const expired = await expireRun(db)
      await pool.query('update flotilla.runs set deadline = null where id = $1', [target.id])
      return expired?.runId ?? null
    },
    (record, got) => (got !== null && modelExpire(record.runs.get(got) as RunModel, NOW) ? got : null),
  )

export const lateOperation = ({ runId, idx, fence }: Claim): Operation =>
  operation(
    `tell late of ${runId}/${idx} at ${fence}`,
    async ({ pool }) => {
      const { rows } = await pool.query<{ r: boolean }>('select flotilla.record_late($1, $2, $3, null, null) as r', [
        runId,
        idx,
        fence,
      ])
      return rows[0]?.r
    },
    (record) => modelLate(record.runs.get(runId) as RunModel, idx, fence),
  )
