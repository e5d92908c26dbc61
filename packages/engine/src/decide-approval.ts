import {
  inWorkspace,
  lockApproval,
  readApproval,
  readOverdueApprovals,
  recordDecision,
  transact,
  withdrawApproval,
  type Db,
  type Tx,
  type WakeUp,
} from '@flotilla/db'
import {
  accepted,
  APPROVAL_ID,
  decideApproval as decide,
  describeDecided,
  rejected,
  type ApprovalDecision,
  type ApprovalView,
  type Rejection,
  type Result,
} from '@flotilla/domain'
import type { Hints } from './hints.ts'
import { wakeWithin, type Wake } from './run-control.ts'

export const approvalNotFound = (id: string): Rejection => rejected('not_found', `there is no approval "${id}"`)

export type DecideApproval = Readonly<{ workspaceId: number; approvalId: string; decision: ApprovalDecision }>

/**
 * A person's decision on what waits for one: once it is written the task may go on, and somebody is woken for it. Repeating
 * the same decision is no error. Errors: `not_found`, `conflict` with what was decided.
 */
export async function decideApproval(
  deps: Readonly<{ db: Db; hints: Hints; wake: Pick<Wake, 'tasks'> }>,
  { workspaceId, approvalId, decision }: DecideApproval,
): Promise<Result<ApprovalView>> {
  let moved: readonly WakeUp[] = []
  const result = await inWorkspace(deps.db, workspaceId, async (tx) => {
    const locked = APPROVAL_ID.test(approvalId) ? await lockApproval(tx, approvalId) : null
    const standing = locked && (await readApproval(tx, approvalId))
    if (locked === null || standing === null) return approvalNotFound(approvalId)
    const effect = decide(standing, decision)
    if (effect === 'already') return accepted(standing)
    const wakeUps = effect === 'apply' ? await recordDecision(tx, locked, decision, 'decided') : null
    if (wakeUps === null) return rejected('conflict', describeDecided(standing))
    moved = wakeUps
    return accepted((await readApproval(tx, approvalId)) ?? standing)
  })
  if (moved.length > 0) {
    await wakeWithin(() => deps.wake.tasks(moved))
    for (const { runId } of moved) deps.hints.publish({ runId })
  }
  return result
}

/** Decisions that one round may take in nobody's name. */
const EXPIRE_AT_ONCE = 100

const EXPIRED: ApprovalDecision = { decision: 'skip', result: null, comment: null, by: null }

/** Takes "skip" as decided where nobody has in time, and withdraws what an ended run has left. Answers whom to wake. */
export async function expireApprovals(db: Db): Promise<readonly WakeUp[]> {
  const moved: WakeUp[] = []
  for (const uid of await readOverdueApprovals(db, EXPIRE_AT_ONCE))
    moved.push(...(await transact(db, (tx) => expireApproval(tx, uid))))
  return moved
}

async function expireApproval(tx: Tx, uid: string): Promise<readonly WakeUp[]> {
  const approval = await lockApproval(tx, uid)
  if (approval === null) return []
  if (approval.live) return (await recordDecision(tx, approval, EXPIRED, 'expired')) ?? []
  await withdrawApproval(tx, approval)
  return []
}
