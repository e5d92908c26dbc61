import type { TaskRef, WakeUp } from '@flotilla/db'

/** `role` is the queue's; `treeParent` marks a node of a run's flow tree: the task above it, or -1 for the run itself. */
export type TaskDelivery = Readonly<{
  role: string
  judge: boolean
  refs: readonly TaskRef[]
  treeParent: number | null
  /** The run's. */
  priority: number
  signal: AbortSignal
}>

/** To be looked at by somebody else. */
export const wakeUpsOf = (delivery: TaskDelivery, refs: readonly TaskRef[]): WakeUp[] =>
  refs.map((ref) => ({
    ...ref,
    role: delivery.role,
    delayMs: 0,
    judge: delivery.judge,
    priority: delivery.priority,
  }))
