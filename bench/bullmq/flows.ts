import type { FlowJob } from 'bullmq'
import type { ShapeName } from '../options.ts'
import { SHAPE_TASKS, type ShapeTask } from '../shapes.ts'

export const QUEUE = 'bench'

/** A task as a job. */
export type JobData = Readonly<{
  run: string
  shape: ShapeName
  /** Values of the dependencies that were known when it was added. */
  inputs: readonly number[]
  /** The values of its other dependencies are its children's. */
  waits: boolean
  /** When it has run, it adds the rest of its run. */
  spreads: boolean
  last: boolean
}>

/**
 * What a run begins with. A job has one parent, so a shape whose first task has several dependents is no tree: that task is
 * a job alone, which adds the rest as one flow when it has run. A crash between the two would lose the rest.
 */
export function firstFlow(shape: ShapeName, run: string): FlowJob {
  const tasks = SHAPE_TASKS[shape]
  const first = tasks[0]?.key ?? ''
  const dependents = tasks.filter(({ dependsOn }) => dependsOn.includes(first)).length
  if (dependents === 1) return flowOf(shape, run, new Map())
  const data: JobData = { run, shape, inputs: [], waits: false, spreads: true, last: false }
  return { name: first, queueName: QUEUE, data }
}

/** The last task and all that it waits for, down to the tasks whose values are known. */
export function flowOf(shape: ShapeName, run: string, known: ReadonlyMap<string, number>): FlowJob {
  const tasks = SHAPE_TASKS[shape]
  const last = tasks.at(-1)?.key ?? ''
  const byKey = new Map(tasks.map((task) => [task.key, task]))
  const node = ({ key, dependsOn }: ShapeTask): FlowJob => {
    const inputs = dependsOn.flatMap((name) => known.get(name) ?? [])
    const children = dependsOn.filter((name) => !known.has(name)).flatMap((name) => byKey.get(name) ?? [])
    const waits = children.length > 0
    const data: JobData = { run, shape, inputs, waits, spreads: false, last: key === last }
    return { name: key, queueName: QUEUE, data, ...(waits ? { children: children.map(node) } : {}) }
  }
  const end = byKey.get(last)
  if (end === undefined) throw new Error(`the shape ${shape} has no tasks`)
  return node(end)
}
