import type { FlowJob } from 'bullmq'
import { JOB_OPTIONS, jobPriority } from './jobs.ts'
import { agentQueue, VERIFY_QUEUE } from './names.ts'

export type TreeTask = Readonly<{ idx: number; role: string; outs: readonly number[] }>

/** The root of a run's tree, as a parent. */
export const ROOT = -1

/**
 * A run as one BullMQ flow: its finishing job is the root, and each task's job is a child of a task that depends on it: of the
 * first that waits for nothing else, or else of the last. BullMQ allows one parent a job, so this is a spanning tree of the graph;
 * the record decides what may run. A task that waits for others, none of which stands below it, would be delivered at once, and
 * those above it soon after: it is left out, and woken when it is ready. Every edge ignores failure, since a failure is data here.
 * Built without recursion: a plan can be a chain of hundreds.
 */
export function flowTree(runId: number, priority: number, tasks: readonly TreeTask[]): FlowJob {
  const opts = { ...JOB_OPTIONS, priority: jobPriority(priority), ignoreDependencyOnFailure: true }
  const waitsFor = dependenciesOf(tasks)
  const parents = tasks.map(({ outs }) => outs.find((out) => waitsFor[out] === 1) ?? outs.at(-1) ?? ROOT)
  const root: FlowJob = {
    name: 'finish',
    queueName: VERIFY_QUEUE,
    data: { run: runId },
    opts: { ...JOB_OPTIONS, priority: jobPriority(priority) },
    children: [],
  }
  const nodes = new Map([[ROOT, root]])
  for (const idx of delivered(waitsFor, parents)) {
    const job: FlowJob = {
      name: 'tree',
      queueName: agentQueue((tasks[idx] as TreeTask).role),
      data: { t: [runId, idx], p: parents[idx] },
      opts,
      children: [],
    }
    nodes.set(idx, job)
  }
  for (const [idx, job] of nodes) if (idx !== ROOT) nodes.get(parents[idx] as number)?.children?.push(job)
  return root
}

/** Of each task how many it waits for. */
function dependenciesOf(tasks: readonly TreeTask[]): number[] {
  const n = tasks.map(() => 0)
  for (const { outs } of tasks) for (const out of outs) n[out] = (n[out] ?? 0) + 1
  return n
}

/** Those that wait for nothing, and all above them, in the order of the plan. */
function delivered(waitsFor: readonly number[], parents: readonly number[]): number[] {
  const found = new Set<number>()
  for (const [first, n] of waitsFor.entries()) {
    if (n > 0) continue
    for (let idx = first; idx !== ROOT && !found.has(idx); idx = parents[idx] as number) found.add(idx)
  }
  return [...found].toSorted((a, b) => a - b)
}
