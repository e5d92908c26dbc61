import type { Place } from './state.ts'

type Node = Readonly<{ key: string; dependsOn: readonly string[] }>

/**
 * A reading order of the graph: a task comes after all that it depends on, and as close beneath the last of it as that
 * allows, so that branches stay together. `depth` is the length of the longest way to it. Tasks in a cycle, which no valid
 * plan has, come last.
 */
export function readingOrder(nodes: readonly Node[]): Place[] {
  const dependents = new Map<string, string[]>()
  const waits = new Map<string, number>()
  const depth = new Map<string, number>()
  const known = new Set(nodes.map(({ key }) => key))
  for (const { key, dependsOn } of nodes) {
    const needed = dependsOn.filter((dependency) => known.has(dependency))
    waits.set(key, needed.length)
    depth.set(key, 0)
    for (const dependency of needed) append(dependents, dependency, key)
  }
  const places: Place[] = []
  // A stack, not recursion: a chain may be thousands of tasks long.
  const stack = nodes
    .filter(({ key }) => waits.get(key) === 0)
    .map(({ key }) => key)
    .toReversed()
  for (let key = stack.pop(); key !== undefined; key = stack.pop()) {
    const own = depth.get(key) ?? 0
    places.push({ key, depth: own })
    const released: string[] = []
    for (const dependent of dependents.get(key) ?? []) {
      depth.set(dependent, Math.max(depth.get(dependent) ?? 0, own + 1))
      const left = (waits.get(dependent) ?? 0) - 1
      waits.set(dependent, left)
      if (left === 0) released.push(dependent)
    }
    stack.push(...released.toReversed())
  }
  if (places.length === nodes.length) return places
  const placed = new Set(places.map(({ key }) => key))
  return [...places, ...nodes.filter(({ key }) => !placed.has(key)).map(({ key }) => ({ key, depth: 0 }))]
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
