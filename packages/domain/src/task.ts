import * as v from 'valibot'

/** Statuses as they are shown. The record keeps one more, `to_verify`: awaiting a judge, shown as `verifying`. */
export const TASK_STATUSES = [
  'pending',
  'ready',
  'in_progress',
  'verifying',
  'revising',
  'awaiting_approval',
  'completed',
  'failed',
  'skipped',
  'cancelled',
] as const
export type TaskStatus = (typeof TASK_STATUSES)[number]
export const TaskStatusSchema = v.pipe(v.picklist(TASK_STATUSES), v.metadata({ ref: 'TaskStatus' }))

export type StoredTaskStatus = TaskStatus | 'to_verify'
export const shownTaskStatus = (status: StoredTaskStatus): TaskStatus => (status === 'to_verify' ? 'verifying' : status)

/**
 * Who moves a task where: pending → ready: the settlement of its last dependency (or expansion) ·
 * ready | revising → in_progress and to_verify → verifying: a claim · out of in_progress and verifying: the settlement of
 * the claim that holds the fence, or a claim after its lease ran out · awaiting_approval → ready: a decision or its expiry ·
 * ready | revising → failed: the limit of its wait for a claim · pending → skipped: the failure of a dependency that is not
 * optional · in_progress → skipped: an optional task that is left out to save · any live status → cancelled: cancel.
 */
const NEXT: Readonly<Record<StoredTaskStatus, readonly StoredTaskStatus[]>> = {
  pending: ['ready', 'skipped', 'cancelled'],
  ready: ['in_progress', 'failed', 'cancelled', 'skipped'],
  in_progress: [
    'in_progress',
    'completed',
    'failed',
    'ready',
    'revising',
    'to_verify',
    'awaiting_approval',
    'skipped',
    'cancelled',
  ],
  to_verify: ['verifying', 'cancelled'],
  verifying: ['verifying', 'completed', 'failed', 'revising', 'to_verify', 'cancelled'],
  revising: ['in_progress', 'failed', 'cancelled'],
  awaiting_approval: ['ready', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  skipped: [],
  cancelled: [],
}
export const taskCanMove = (from: StoredTaskStatus, to: StoredTaskStatus): boolean => NEXT[from].includes(to)
export const isTerminalTask = (status: StoredTaskStatus): boolean => NEXT[status].length === 0
