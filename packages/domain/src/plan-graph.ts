import { pointer, type Issue } from './problem.ts'

type Node = Readonly<{ key: string; dependsOn: readonly string[]; optional?: boolean }>

/** Edges by position: `deps[i]` are the tasks that task i waits for, `outs[i]` those that wait for it. */
export type PlanGraph = Readonly<{ deps: readonly (readonly number[])[]; outs: readonly (readonly number[])[] }>

/**
 * Duplicate keys, unknown and repeated dependencies, self-references, an unknown or optional `result`, nothing but optional
 * tasks, and cycles, each with its path below `base`; a cycle names its keys in order. Linear in tasks and edges.
 */
export function planIssues(
  plan: { tasks: readonly Node[]; result?: string | null | undefined },
  base: readonly string[] = [],
): Issue[] {
  const issues: Issue[] = []
  const at = new Map<string, number>()
  plan.tasks.forEach((task, i) => {
    const first = at.get(task.key)
    if (first === undefined) at.set(task.key, i)
    else
      issues.push({
        path: pointer([...base, 'tasks', i, 'key']),
        message: `duplicate key "${task.key}": task ${first} has it already`,
      })
  })
  plan.tasks.forEach((task, i) => {
    const seen = new Set<string>()
    task.dependsOn.forEach((key, j) => {
      const message = edgeIssue(task.key, key, at, seen)
      if (message) issues.push({ path: pointer([...base, 'tasks', i, 'dependsOn', j]), message })
      seen.add(key)
    })
  })
  issues.push(...resultIssues(plan, at, base))
  if (plan.tasks.every((task) => task.optional === true))
    issues.push({ path: pointer([...base, 'tasks']), message: 'every task is optional: expected one that is not' })
  if (issues.length > 0) return issues
  return cycleIssue(plan.tasks, at, base)
}

function resultIssues(
  { tasks, result }: Parameters<typeof planIssues>[0],
  at: ReadonlyMap<string, number>,
  base: readonly string[],
): Issue[] {
  if (typeof result !== 'string') return []
  const path = pointer([...base, 'result'])
  const place = at.get(result)
  if (place === undefined) return [{ path, message: `unknown task "${result}": no task has this key` }]
  if (tasks[place]?.optional !== true) return []
  return [{ path, message: `task "${result}" is optional and may be left out: the result needs one that is not` }]
}

function edgeIssue(
  own: string,
  key: string,
  at: ReadonlyMap<string, number>,
  seen: ReadonlySet<string>,
): string | null {
  if (key === own) return `task "${own}" depends on itself`
  if (!at.has(key)) return `unknown task "${key}": no task has this key`
  return seen.has(key) ? `"${key}" is named twice` : null
}

function cycleIssue(tasks: readonly Node[], at: ReadonlyMap<string, number>, base: readonly string[]): Issue[] {
  const cycle = findCycle(tasks.map((task) => task.dependsOn.map((key) => at.get(key) as number)))
  if (cycle === null) return []
  const keys = cycle.map((i) => (tasks[i] as Node).key)
  const [first, second] = [cycle[0] as number, cycle[1] as number]
  const j = (tasks[first] as Node).dependsOn.indexOf((tasks[second] as Node).key)
  return [
    {
      path: pointer([...base, 'tasks', first, 'dependsOn', j]),
      message: `the tasks depend on each other in a circle: ${keys.join(' → ')}`,
      cycle: keys,
    },
  ]
}

/** A cycle as positions, the first one again at the end, or null. Depth first without recursion: a plan can be 10,000 deep. */
export function findCycle(deps: readonly (readonly number[])[]): number[] | null {
  const state = new Uint8Array(deps.length)
  for (let root = 0; root < deps.length; root++) {
    if (state[root] !== 0) continue
    const path: number[] = [root]
    const next: number[] = [0]
    state[root] = 1
    while (path.length > 0) {
      const node = path[path.length - 1] as number
      const edge = (deps[node] as readonly number[])[next[next.length - 1] as number]
      if (edge === undefined) {
        state[node] = 2
        path.pop()
        next.pop()
        continue
      }
      next[next.length - 1] = (next[next.length - 1] as number) + 1
      if (state[edge] === 1) return [...path.slice(path.indexOf(edge)), edge]
      if (state[edge] === 0) {
        state[edge] = 1
        path.push(edge)
        next.push(0)
      }
    }
  }
  return null
}

/** Edges of a plan without issues. */
export function planGraph(tasks: readonly Node[]): PlanGraph {
  const at = new Map(tasks.map((task, i) => [task.key, i]))
  const deps = tasks.map((task) => task.dependsOn.map((key) => at.get(key) as number))
  const outs: number[][] = tasks.map(() => [])
  deps.forEach((list, i) => list.forEach((dep) => outs[dep]?.push(i)))
  return { deps, outs }
}

/** Positions in an order in which each task comes after all it depends on; stable: plan order among the free ones. */
export function topologicalOrder(graph: PlanGraph): number[] {
  const missing = graph.deps.map((list) => list.length)
  const order = missing.flatMap((n, i) => (n === 0 ? [i] : []))
  for (let k = 0; k < order.length; k++)
    for (const out of graph.outs[order[k] as number] ?? []) if (--(missing[out] as number) === 0) order.push(out)
  return order
}

/** `sequential` mode: each task also waits for the one before it in topological order. */
export function sequentialGraph(graph: PlanGraph): PlanGraph {
  const order = topologicalOrder(graph)
  const deps = graph.deps.map((list) => [...list])
  const outs = graph.outs.map((list) => [...list])
  for (let k = 1; k < order.length; k++) {
    const [before, after] = [order[k - 1] as number, order[k] as number]
    if (deps[after]?.includes(before)) continue
    deps[after]?.push(before)
    outs[before]?.push(after)
  }
  return { deps, outs }
}

/** The most tasks that one level of the graph holds: how wide a run can get. */
export function maxWidth(graph: PlanGraph): number {
  const level = graph.deps.map(() => 0)
  const width: number[] = []
  for (const i of topologicalOrder(graph)) {
    for (const dep of graph.deps[i] ?? []) level[i] = Math.max(level[i] as number, (level[dep] as number) + 1)
    width[level[i] as number] = (width[level[i] as number] ?? 0) + 1
  }
  return Math.max(0, ...width)
}
