import type { FlowJob } from 'bullmq'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJob } from './jobs.ts'
import { flowTree, ROOT, type TreeTask } from './tree.ts'

/** Tasks of a random graph: each depends only on tasks before it; `outs` in ascending order, as expansion writes them. */
const graph = fc
  .array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { minLength: 1, maxLength: 30, size: 'max' })
  .map((lists): TreeTask[] => {
    const outs: number[][] = lists.map(() => [])
    lists.forEach((list, idx) => {
      if (idx > 0) for (const dep of new Set(list.map((d) => d % idx))) outs[dep]?.push(idx)
    })
    return outs.map((own, idx) => ({ idx, role: `role-${idx % 3}`, outs: own }))
  })

type Placed = Readonly<{ job: FlowJob; parent: FlowJob | null }>

/** Every job with the one above it; without recursion, since a tree can be a chain. */
function walk(root: FlowJob): Placed[] {
  const all: Placed[] = [{ job: root, parent: null }]
  for (const { job } of all) for (const child of job.children ?? []) all.push({ job: child, parent: job })
  return all
}

const taskOf = (job: FlowJob): number => {
  const delivery = parseJob(job.name, job.data)
  return delivery.kind === 'tasks' ? (delivery.refs[0]?.idx ?? NaN) : ROOT
}

describe('the flow tree of a run', () => {
  it('holds each task once, below the last task that depends on it, or below the end', () => {
    fc.assert(
      fc.property(graph, (tasks) => {
        const [root, ...nodes] = walk(flowTree(5, 5, tasks))
        expect(root?.job).toMatchObject({ name: 'finish', queueName: 'verify', data: { run: 5 } })
        expect(nodes.map(({ job }) => taskOf(job)).toSorted((a, b) => a - b)).toEqual(tasks.map((task) => task.idx))
        for (const { job, parent } of nodes) {
          const task = tasks[taskOf(job)] as TreeTask
          const above = taskOf(parent as FlowJob)
          expect(above).toBe(task.outs.at(-1) ?? ROOT)
          expect(job).toMatchObject({
            name: 'tree',
            queueName: `agent-${task.role}`,
            data: { t: [5, task.idx], p: above },
          })
        }
      }),
    )
  })

  it('lets no job fail its parent, be tried again, or stay', () => {
    const tasks = [0, 1, 2].map((idx) => ({ idx, role: 'writer', outs: idx < 2 ? [idx + 1] : [] }))
    const [root, ...nodes] = walk(flowTree(5, 9, tasks))
    const plain = { attempts: 1, removeOnComplete: true, removeOnFail: true, priority: 1 }
    expect(root?.job.opts).toMatchObject(plain)
    for (const { job } of nodes) expect(job.opts).toMatchObject({ ...plain, ignoreDependencyOnFailure: true })
  })

  it('of a chain of 10,000 tasks is built all the same', () => {
    const size = 10_000
    const tasks = Array.from({ length: size }, (_, idx) => ({
      idx,
      role: 'writer',
      outs: idx + 1 < size ? [idx + 1] : [],
    }))
    expect(walk(flowTree(5, 5, tasks))).toHaveLength(size + 1)
  })
})
