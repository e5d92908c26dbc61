import { columnsOf, type GraphNode } from './layout.ts'

/**
 * The chain of tasks that decides how long the whole takes: the longest by the milliseconds of each task. Of a graph with a
 * cycle, what stands in it is left out.
 */
export function criticalPath(tasks: readonly (GraphNode & Readonly<{ ms: number }>)[]): string[] {
  const column = columnsOf(tasks)
  const known = new Map(tasks.map((task) => [task.key, task]))
  const best = new Map<string, Readonly<{ ms: number; before: string | null }>>()
  for (const task of tasks.toSorted((a, b) => (column.get(a.key) ?? 0) - (column.get(b.key) ?? 0))) {
    let longest: Readonly<{ ms: number; before: string | null }> = { ms: 0, before: null }
    for (const key of task.dependsOn) {
      const way = best.get(key)
      if (way !== undefined && known.has(key) && (longest.before === null || way.ms > longest.ms))
        longest = { ms: way.ms, before: key }
    }
    best.set(task.key, { ms: longest.ms + task.ms, before: longest.before })
  }
  let at: string | null = null
  let most = -1
  for (const [key, { ms }] of best) if (ms > most) [at, most] = [key, ms]
  const path: string[] = []
  for (; at !== null; at = best.get(at)?.before ?? null) path.push(at)
  return path.toReversed()
}
