import * as v from 'valibot'
import type { JobsOptions } from 'bullmq'

/**
 * The job catalogue. A job is a wake-up: look at the record and do the next thing for this task or run, if there is one.
 * Payloads carry ids only.
 */
const id = v.pipe(v.number(), v.integer())

/** `t`: run and task numbers, in pairs. `p`: this job is a node of a run's flow tree, and the node above it is task `p` (-1: the root). */
const WakeJobSchema = v.object({ t: v.pipe(v.array(id), v.minLength(2)), p: v.optional(id) })
const RunJobSchema = v.object({ run: v.union([id, v.array(id)]), fence: v.optional(id) })

export type Delivery =
  | { kind: 'tasks'; refs: { runId: number; idx: number }[]; treeParent: number | null; priority: number }
  | { kind: 'plan' | 'finish' | 'learn'; runIds: readonly number[] }
  | { kind: 'unknown'; name: string }

/** What a job asks for. A job that this version does not know is acknowledged: the record still knows what it was for. */
export function parseJob(name: string, data: unknown, jobPriorityValue = jobPriority(DEFAULT_PRIORITY)): Delivery {
  if (name === 'wake' || name === 'tree') {
    const job = v.safeParse(WakeJobSchema, data)
    if (!job.success) return { kind: 'unknown', name }
    const refs: { runId: number; idx: number }[] = []
    for (let i = 0; i + 1 < job.output.t.length; i += 2)
      refs.push({ runId: job.output.t[i] as number, idx: job.output.t[i + 1] as number })
    return { kind: 'tasks', refs, treeParent: job.output.p ?? null, priority: jobPriority(jobPriorityValue) }
  }
  if (name === 'plan' || name === 'finish' || name === 'learn') {
    const job = v.safeParse(RunJobSchema, data)
    if (job.success) return { kind: name, runIds: [job.output.run].flat() }
  }
  return { kind: 'unknown', name }
}

/** BullMQ never owns a retry count or a terminal state: one attempt, nothing kept. */
export const JOB_OPTIONS: Readonly<JobsOptions> = {
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
  sizeLimit: 65_536,
}

/** Of runs that name none. */
export const DEFAULT_PRIORITY = 5

/** A run's priority 0 (last) to 9 (first) as BullMQ's, where 1 goes first; and back. */
export const jobPriority = (priority: number): number => 10 - priority
