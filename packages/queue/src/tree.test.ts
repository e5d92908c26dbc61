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

/** Each task of the tree and the one above it, in the order of the plan. */
const edges = (tasks: readonly TreeTask[]): [task: number, above: number][] =>
  walk(flowTree(5, 5, tasks))
    .slice(1)
    .map(({ job, parent }): [number, number] => [taskOf(job), taskOf(parent as FlowJob)])
    .toSorted(([a], [b]) => a - b)

/** A plan, told by what each task waits for. */
const plan = (...waitsFor: (readonly number[])[]): TreeTask[] =>
  waitsFor.map((_, idx) => ({
    idx,
    role: 'writer',
    outs: waitsFor.flatMap((deps, out) => (deps.includes(idx) ? [out] : [])),
  }))

describe('the flow tree of a run', () => {
  it('holds each task at most once, below the first that depends on it alone, on it at all, or below the end', () => {
    fc.assert(
      fc.property(graph, (tasks) => {
        const [root, ...nodes] = walk(flowTree(5, 5, tasks))
        expect(root?.job).toMatchObject({ name: 'finish', queueName: 'verify', data: { run: 5 } })
        expect(new Set(nodes.map(({ job }) => taskOf(job))).size).toBe(nodes.length)
        const waitsFor = tasks.map(({ idx }) => tasks.filter(({ outs }) => outs.includes(idx)).length)
        for (const { job, parent } of nodes) {
          const task = tasks[taskOf(job)] as TreeTask
          const above = taskOf(parent as FlowJob)
          expect(above).toBe([...task.outs.filter((out) => waitsFor[out] === 1), ...task.outs, ROOT][0])
          expect(job).toMatchObject({
            name: 'tree',
            queueName: `agent-${task.role}`,
            data: { t: [5, task.idx], p: above },
          })
        }
      }),
    )
  })

  it('delivers at once what waits for nothing, and nothing else', () => {
    fc.assert(
      fc.property(graph, (tasks) => {
        const waiting = new Set(tasks.flatMap(({ outs }) => outs))
        const nodes = walk(flowTree(5, 5, tasks)).slice(1)
        const leaves = nodes.filter(({ job }) => job.children?.length === 0).map(({ job }) => taskOf(job))
        expect(leaves.toSorted((a, b) => a - b)).toEqual(tasks.map(({ idx }) => idx).filter((idx) => !waiting.has(idx)))
      }),
    )
  })

  it('holds all of what only comes together', () => {
    expect(edges(plan([], [], [], [0, 1], [2, 3]))).toEqual([
      [0, 3],
      [1, 3],
      [2, 4],
      [3, 4],
      [4, ROOT],
    ])
  })

  it('of what spreads out holds the first, and all that stands above it', () => {
    expect(edges(plan([], [0], [0], [1], [2], [3, 4]))).toEqual([
      [0, 1],
      [1, 3],
      [3, 5],
      [5, ROOT],
    ])
  })

  it('goes the long way where there are short ones, too', () => {
    expect(edges(plan([], [0], [0, 1]))).toEqual([
      [0, 1],
      [1, 2],
      [2, ROOT],
    ])
    expect(edges(plan([], [0], [0, 1], [0, 1, 2])).map(([, above]) => above)).toEqual([1, 2, 3, ROOT])
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
