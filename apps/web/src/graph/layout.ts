/** A node of a graph to draw: what it comes after, by key. Keys that are not there, and cycles, are tolerated. */
export type GraphNode = Readonly<{ key: string; dependsOn: readonly string[] }>

/** Column and row, from 0. */
export type Place = Readonly<{ column: number; row: number }>

/**
 * Places of a layered drawing: a node stands one column after the last that it depends on, and as near as it can to the middle
 * of what it depends on. The same nodes in the same order always have the same places, and a state of a task moves none.
 */
export function layoutGraph(nodes: readonly GraphNode[]): Map<string, Place> {
  const column = columnsOf(nodes)
  const byColumn = Map.groupBy(nodes, (node) => column.get(node.key) ?? 0)
  const rows = new Map<string, number>()
  const last = Math.max(-1, ...byColumn.keys())
  for (let c = 0; c <= last; c++) placeColumn(byColumn.get(c) ?? [], rows)
  return new Map(nodes.map(({ key }) => [key, { column: column.get(key) ?? 0, row: rows.get(key) ?? 0 }]))
}

/** By the longest way to each node; what stands in a cycle comes after all others. */
export function columnsOf(nodes: readonly GraphNode[]): Map<string, number> {
  const known = new Map(nodes.map((node) => [node.key, node]))
  const waits = new Map<string, number>()
  const dependents = new Map<string, string[]>()
  for (const { key, dependsOn } of nodes) {
    const needed = dependsOn.filter((one) => known.has(one))
    waits.set(key, needed.length)
    for (const one of needed) dependents.set(one, [...(dependents.get(one) ?? []), key])
  }
  const column = new Map<string, number>()
  const free = nodes.filter(({ key }) => waits.get(key) === 0).map(({ key }) => key)
  for (const key of free) {
    column.set(key, column.get(key) ?? 0)
    for (const next of dependents.get(key) ?? []) {
      column.set(next, Math.max(column.get(next) ?? 0, (column.get(key) ?? 0) + 1))
      const left = (waits.get(next) ?? 0) - 1
      waits.set(next, left)
      if (left === 0) free.push(next)
    }
  }
  const settled = new Set(free)
  const after = Math.max(-1, ...free.map((key) => column.get(key) ?? 0)) + 1
  let place = 0
  for (const { key } of nodes) if (!settled.has(key)) column.set(key, after + place++)
  return column
}

/** In the order of the middle of what they depend on, one row each, moved as a whole so that most stand near it. */
function placeColumn(nodes: readonly GraphNode[], rows: Map<string, number>): void {
  const wanted = nodes.map((node, i) => ({ key: node.key, at: middleOf(node, rows) ?? i, i }))
  wanted.sort((a, b) => a.at - b.at || a.i - b.i)
  const shift = wanted.reduce((sum, { at }, i) => sum + at - i, 0) / Math.max(1, wanted.length)
  wanted.forEach(({ key }, i) => rows.set(key, i + shift))
}

function middleOf({ dependsOn }: GraphNode, rows: ReadonlyMap<string, number>): number | null {
  const known = dependsOn.map((key) => rows.get(key)).filter((row) => row !== undefined)
  return known.length === 0 ? null : known.reduce((sum, row) => sum + row, 0) / known.length
}
