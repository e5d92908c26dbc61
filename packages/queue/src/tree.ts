import type { FlowJob } from 'bullmq'
import { JOB_OPTIONS, jobPriority } from './jobs.ts'
import { agentQueue, VERIFY_QUEUE } from './names.ts'

export type TreeTask = Readonly<{ idx: number; role: string; outs: readonly number[] }>

/** The root of a run's tree, as a parent. */
export const ROOT = -1

/**
 * A run as one BullMQ flow: its finishing job is the root, and each task's job is a child of the last task that depends on
 * it. BullMQ allows one parent a job, so this is a spanning tree of the graph; the record decides what may run. Every edge
 * ignores failure, since a failure is data here. Built from the leaves without recursion: a plan can be a chain of hundreds.
 */
export function flowTree(runId: number, priority: number, tasks: readonly TreeTask[]): FlowJob {
  const opts = { ...JOB_OPTIONS, priority: jobPriority(priority), ignoreDependencyOnFailure: true }
  const nodes = tasks.map((task): FlowJob => {
    const parent = task.outs.at(-1) ?? ROOT
    return {
      name: 'tree',
      queueName: agentQueue(task.role),
      data: { t: [runId, task.idx], p: parent },
      opts,
      children: [],
    }
  })
  const root: FlowJob = {
    name: 'finish',
    queueName: VERIFY_QUEUE,
    data: { run: runId },
    opts: { ...JOB_OPTIONS, priority: jobPriority(priority) },
    children: [],
  }
  tasks.forEach((task, i) => {
    const parent = task.outs.at(-1)
    const above = parent === undefined ? root : nodes[parent]
    above?.children?.push(nodes[i] as FlowJob)
  })
  return root
}
