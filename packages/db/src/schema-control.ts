import type { DeadLetterReason, Failure, JsonObject, RunStatus, TaskStatus, Usage } from '@flotilla/domain'
import type { ColumnType, Generated } from 'kysely'
import type { Jsonb, Now, Time } from './schema-columns.ts'

export interface ApprovalTable {
  id: Generated<number>
  workspace_id: number
  uid: string
  run_id: number
  idx: number | null
  attempt: number | null
  kind: string
  subject: Jsonb<JsonObject>
  status: ColumnType<ApprovalStatus, ApprovalStatus | undefined, ApprovalStatus>
  decision: string | null
  result: string | null
  comment: string | null
  decided_by: string | null
  requested_at: Now
  expires_at: Date
  decided_at: Time
}
export type ApprovalStatus = 'pending' | 'decided' | 'expired' | 'withdrawn'

export interface CancellationTable {
  run_id: number
  workspace_id: number
  requested_at: Date
  was: RunStatus
  tasks: Jsonb<Partial<Record<TaskStatus, number>>>
  spent: Jsonb<Usage>
  calls: Generated<number>
  late: ColumnType<Partial<Usage>, string | undefined, string>
  last_stopped_at: Time
}

export interface DeadLetterTable {
  id: Generated<number>
  workspace_id: number
  run_id: number
  idx: number
  reason: DeadLetterReason
  error: Jsonb<Failure>
  at: Now
  redriven_at: Time
  redriven_to: string | null
}
