import {
  APPROVAL_KINDS,
  type ApprovalStatus,
  type ApprovalView,
  type OutcomeDecision,
  type OutcomeSubject,
} from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
import type { Tx } from '../connect.ts'

export type ApprovalRow = Readonly<{
  id: number
  uid: string
  runUid: string
  taskKey: string | null
  kind: ApprovalView['kind']
  status: ApprovalStatus
  subject: OutcomeSubject
  decision: OutcomeDecision | null
  result: string | null
  comment: string | null
  decidedBy: string | null
  requestedAt: Date
  expiresAt: Date
  decidedAt: Date | null
}>

export const approvalView = (row: ApprovalRow): ApprovalView => ({
  id: row.uid,
  runId: row.runUid,
  taskKey: row.taskKey,
  kind: row.kind,
  status: row.status,
  subject: row.subject,
  decision: row.decision,
  result: row.result,
  comment: row.comment,
  decidedBy: row.decidedBy,
  requestedAt: row.requestedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  decidedAt: row.decidedAt?.toISOString() ?? null,
})

/** Rows for `approvalView` of the approvals that `where` selects, in the order in which they were asked for. */
const selectApprovals = (where: RawBuilder<unknown>, limit: number): RawBuilder<ApprovalRow> => sql<ApprovalRow>`
  select p.id, p.uid, r.uid as "runUid", s.key as "taskKey", p.kind, p.status, p.subject, p.decision, p.result, p.comment,
    p.decided_by as "decidedBy", p.requested_at as "requestedAt", p.expires_at as "expiresAt", p.decided_at as "decidedAt"
  from flotilla.approvals p
    join flotilla.runs r on r.id = p.run_id
    left join flotilla.task_specs s on s.run_id = p.run_id and s.idx = p.idx
  where p.kind = any (${[...APPROVAL_KINDS]}) and ${where}
  order by p.id limit ${limit}`

export type ApprovalFilter = Readonly<{
  workspaceId: number
  status: ApprovalStatus | null
  /** Of one run, by its outside id. */
  run: string | null
  after: number
  limit: number
}>
export type ApprovalPage = Readonly<{ items: ApprovalView[]; next: number | null }>

/** Oldest first: what expires first. */
export async function listApprovals(tx: Tx, filter: ApprovalFilter): Promise<ApprovalPage> {
  const where = sql`p.workspace_id = ${filter.workspaceId} and p.id > ${filter.after}
    and (${filter.status}::text is null or p.status = ${filter.status}) and (${filter.run}::text is null or r.uid = ${filter.run})`
  const { rows } = await selectApprovals(where, filter.limit + 1).execute(tx)
  const page = rows.slice(0, filter.limit)
  return { items: page.map(approvalView), next: rows.length > filter.limit ? (page.at(-1)?.id ?? null) : null }
}

/** One approval; null when the workspace has none of this id. */
export async function readApproval(tx: Tx, uid: string): Promise<ApprovalView | null> {
  const { rows } = await selectApprovals(sql`p.uid = ${uid}`, 1).execute(tx)
  return rows[0] === undefined ? null : approvalView(rows[0])
}
