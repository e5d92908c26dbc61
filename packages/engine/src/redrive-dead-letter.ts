import {
  copyRun,
  inWorkspace,
  lockRun,
  readRedriven,
  recordRedriven,
  type CopiedRun,
  type Db,
  type LockedRun,
  type Tx,
} from '@flotilla/db'
import {
  accepted,
  deadLetterId,
  readDeadLetterId,
  refuseRedrive,
  rejected,
  sortableId,
  type Rejection,
  type Result,
} from '@flotilla/domain'
import type { Clock } from '@flotilla/runtime'
import type { Hints } from './hints.ts'
import { acceptedRun, wakeWithin, type RunAccepted, type Wake } from './run-control.ts'

export type RedriveDeps = Readonly<{
  db: Db
  clock: Clock
  random: (bytes: number) => Uint8Array
  wake: Pick<Wake, 'tasks'>
  hints: Pick<Hints, 'publish'>
}>

export const deadLetterNotFound = (id: string): Rejection => rejected('not_found', `there is no dead letter "${id}"`)

type Redriven = Readonly<{ run: RunAccepted; copied: CopiedRun | null }>

/**
 * Has the dead task of a run that has ended done over, with all that failed with it, in a new run that takes the results
 * over: a run's terminal event is its last. Repeating it answers the same run. Errors: `not_found`, `conflict`.
 */
export async function redriveDeadLetter(
  deps: RedriveDeps,
  ref: Readonly<{ workspaceId: number; letterId: string }>,
): Promise<Result<RunAccepted>> {
  const letter = readDeadLetterId(ref.letterId)
  if (letter === null) return deadLetterNotFound(ref.letterId)
  const result = await inWorkspace(deps.db, ref.workspaceId, async (tx): Promise<Result<Redriven>> => {
    // The run's lock is the letter's: of two that redrive it, the second finds what the first has made.
    const run = await lockRun(tx, letter.runId)
    const to = run === null ? undefined : await readRedriven(tx, run, letter.idx)
    if (run === null || to === undefined) return deadLetterNotFound(ref.letterId)
    const existing = to === null ? null : await lockRun(tx, to)
    if (existing !== null) return accepted({ run: acceptedRun(existing), copied: null })
    const refused = refuseRedrive(run.uid, run.status)
    return refused === null ? accepted(await redrive(deps, tx, run, letter.idx)) : rejected('conflict', refused)
  })
  if (!result.ok) return result
  const { run, copied } = result.value
  if (copied !== null) {
    deps.hints.publish({ runId: copied.id })
    await wakeWithin(() => deps.wake.tasks(copied.ready))
  }
  return accepted(run)
}

async function redrive(deps: RedriveDeps, tx: Tx, from: LockedRun, idx: number): Promise<Redriven> {
  const uid = sortableId('run', deps.clock.now().getTime(), deps.random(16))
  const task = await tx
    .selectFrom('task_specs')
    .select('key')
    .where('run_id', '=', from.id)
    .where('idx', '=', idx)
    .executeTakeFirstOrThrow()
  const redriveOf = { run: from.uid, task: task.key, letter: deadLetterId(from.uid, idx) }
  const copied = await copyRun(tx, { from, uid, again: [], created: { redriveOf } })
  await recordRedriven(tx, from, uid)
  const { createdAt } = copied
  return { run: acceptedRun({ ...from, uid, status: 'executing', createdAt }), copied }
}
