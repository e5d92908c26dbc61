import { columnsOf, type GraphNode } from './layout.ts'

export type GraphTask = GraphNode & Readonly<{ role: string }>

/** A node that stands for itself, or for all tasks of a role in a column. */
export type Group = GraphNode & Readonly<{ role: string; members: readonly string[] }>

/** Up to so many nodes are drawn one by one. */
const FEW = 60
/** As many of one role side by side are drawn as one. */
const MANY = 6

/**
 * The graph as it is drawn: small ones whole; of large ones what stands side by side with the same role is one node until it
 * is opened. Edges go only from column to column, so that no group depends on itself.
 */
export function groupTasks(tasks: readonly GraphTask[], opened: ReadonlySet<string>): Group[] {
  if (tasks.length <= FEW) return tasks.map(alone)
  const column = columnsOf(tasks)
  const bands = Map.groupBy(tasks, (task) => `${column.get(task.key) ?? 0}/${task.role}`)
  const nodeOf = new Map<string, string>()
  for (const [id, band] of bands)
    for (const { key } of band) nodeOf.set(key, band.length >= MANY && !opened.has(`group:${id}`) ? `group:${id}` : key)
  const groups = new Map<string, { role: string; members: string[]; dependsOn: Set<string> }>()
  for (const task of tasks) {
    const key = nodeOf.get(task.key) ?? task.key
    const group = groups.get(key) ?? { role: task.role, members: [], dependsOn: new Set() }
    groups.set(key, group)
    group.members.push(task.key)
    for (const one of task.dependsOn) group.dependsOn.add(nodeOf.get(one) ?? one)
  }
  return [...groups].map(([key, group]) => ({ ...group, key, dependsOn: [...group.dependsOn] }))
}

const alone = (task: GraphTask): Group => ({ ...task, members: [task.key] })
