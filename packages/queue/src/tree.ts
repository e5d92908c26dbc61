import type { FlowJob } from 'bullmq'
import { JOB_OPTIONS, jobPriority } from './jobs.ts'
import { agentQueue, VERIFY_QUEUE } from './names.ts'

/** Of a plan, in its order: `idx` is its place there, from 0. */
export type TreeTask = Readonly<{ idx: number; role: string; outs: readonly number[] }>

/** The root of a run's tree, as a parent. */
export const ROOT = -1

/**
 * A run as one BullMQ flow: its finishing job is the root, and each task's job is a child of the first task that depends on it,
 * of those that depend on nothing else where there are any. BullMQ allows one parent a job, so this is a spanning tree of the
 * graph; the record decides what may run. A task that waits for others, none of which stands below it, would be delivered at
 * once, and those above it soon after: it is left out, and begins where it is made ready. Every edge ignores failure, since a
 * failure is data here. Built without recursion: a plan can be a chain of hundreds.
 */
export function flowTree(runId: number, priority: number, tasks: readonly TreeTask[]): FlowJob {
  const opts = { ...JOB_OPTIONS, priority: jobPriority(priority), ignoreDependencyOnFailure: true }
  const dependencies = countDependencies(tasks)
  const parents = tasks.map(({ outs }) => outs.find((out) => dependencies[out] === 1) ?? outs[0] ?? ROOT)
  const root: FlowJob = {
    name: 'finish',
    queueName: VERIFY_QUEUE,
    data: { run: runId },
    opts: { ...JOB_OPTIONS, priority: jobPriority(priority) },
    children: [],
  }
  const nodes = new Map([[ROOT, root]])
  const held = inTree(dependencies, parents)
  for (const { idx, role } of tasks) {
    if (!held.has(idx)) continue
    const data = { t: [runId, idx], p: parents[idx] }
    nodes.set(idx, { name: 'tree', queueName: agentQueue(role), data, opts, children: [] })
  }
  for (const [idx, job] of nodes) if (idx !== ROOT) nodes.get(parents[idx] ?? ROOT)?.children?.push(job)
  return root
}

/** Of each task how many it waits for. */
function countDependencies(tasks: readonly TreeTask[]): number[] {
  const counts = tasks.map(() => 0)
  for (const { outs } of tasks) for (const out of outs) counts[out] = (counts[out] ?? 0) + 1
  return counts
}

/** Those that wait for nothing, and all above them. */
function inTree(dependencies: readonly number[], parents: readonly number[]): Set<number> {
  const found = new Set<number>()
  for (const [first, count] of dependencies.entries()) {
    if (count > 0) continue
    for (let idx = first; idx !== ROOT && !found.has(idx); idx = parents[idx] ?? ROOT) found.add(idx)
  }
  return found
}
