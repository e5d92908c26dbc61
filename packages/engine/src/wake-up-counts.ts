/**
 * What the queue's wake-ups have come to in one process since its start; each names one task or one run. `nothing` found
 * nothing to do: somebody else had it, it was over, or a pause or a limit forbade it. `returned` found no free place and
 * went back to the queue.
 */
export type WakeUpCounts = Readonly<{
  tasks: Readonly<{ delivered: number; nothing: number; returned: number }>
  runs: Readonly<{ delivered: number; nothing: number }>
}>
