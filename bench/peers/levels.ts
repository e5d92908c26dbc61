import { valueOf, type ShapeTask } from '../shapes.ts'

export type Steps<Step> = Readonly<{
  /** Begins the durable step of a task. */
  begin(key: string, compute: () => Promise<number>): Step
  all(steps: Step[]): Promise<number[]>
}>

/**
 * A shape as a workflow of durable steps: all tasks of a level at once, and each level when the one before is done. An
 * engine that replays its workflows knows a step by its place, so steps must always begin in the same order. Answers what
 * the last task has computed.
 */
export async function runLevels<Step>(tasks: readonly ShapeTask[], { begin, all }: Steps<Step>): Promise<number> {
  const values = new Map<string, number>()
  let last = Number.NaN
  for (const level of levelsOf(tasks)) {
    const inputsOf = ({ dependsOn }: ShapeTask): number[] => dependsOn.map((key) => values.get(key) ?? Number.NaN)
    const found = await all(level.map((task) => begin(task.key, async () => valueOf(inputsOf(task)))))
    for (const [i, { key }] of level.entries()) values.set(key, found[i] ?? Number.NaN)
    last = found.at(-1) ?? Number.NaN
  }
  return last
}

/** Those that wait for nothing, then those that wait for them, and so on. */
export function levelsOf(tasks: readonly ShapeTask[]): ShapeTask[][] {
  const depths = new Map<string, number>()
  for (const { key, dependsOn } of tasks)
    depths.set(key, Math.max(0, ...dependsOn.map((name) => (depths.get(name) ?? 0) + 1)))
  return [...Map.groupBy(tasks, ({ key }) => depths.get(key) ?? 0).values()]
}
