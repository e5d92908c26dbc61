import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findCycle, maxWidth, planGraph, planIssues, sequentialGraph, topologicalOrder } from './plan-graph.ts'

const task = (key: string, ...dependsOn: string[]) => ({ key, dependsOn })

/** A random acyclic graph in a random order of its tasks. */
const dags = fc
  .array(fc.record({ back: fc.array(fc.nat(), { maxLength: 4 }), rank: fc.nat() }), { minLength: 1, maxLength: 40 })
  .map((items) =>
    items
      .map((item, i) => ({
        ...task(`k${i}`, ...(i === 0 ? [] : new Set(item.back.map((b) => `k${b % i}`)))),
        rank: item.rank,
      }))
      .toSorted((a, b) => a.rank - b.rank),
  )

function isTopological(order: readonly number[], deps: readonly (readonly number[])[]): boolean {
  const place = new Map(order.map((i, at) => [i, at]))
  return (
    order.length === deps.length &&
    deps.every((list, i) => list.every((dep) => (place.get(dep) as number) < (place.get(i) as number)))
  )
}

describe('planIssues', () => {
  it('names duplicates, unknown and repeated dependencies, self-references and an unknown result by path', () => {
    const tasks = [task('a', 'a'), task('b', 'x', 'a', 'a'), task('a')]
    expect(planIssues({ tasks, result: 'zz' }, ['plan'])).toEqual([
      { path: '/plan/tasks/2/key', message: 'duplicate key "a": task 0 has it already' },
      { path: '/plan/tasks/0/dependsOn/0', message: 'task "a" depends on itself' },
      { path: '/plan/tasks/1/dependsOn/0', message: 'unknown task "x": no task has this key' },
      { path: '/plan/tasks/1/dependsOn/2', message: '"a" is named twice' },
      { path: '/plan/result', message: 'unknown task "zz": no task has this key' },
    ])
  })

  it('refuses an optional result, and a plan that may be left out as a whole', () => {
    const tasks = [task('a'), { ...task('b', 'a'), optional: true }]
    expect(planIssues({ tasks, result: 'a' })).toEqual([])
    expect(planIssues({ tasks, result: 'b' })).toEqual([
      { path: '/result', message: expect.stringContaining('task "b" is optional and may be left out') as unknown },
    ])
    expect(planIssues({ tasks: tasks.map((each) => ({ ...each, optional: true })) })).toEqual([
      { path: '/tasks', message: 'every task is optional: expected one that is not' },
    ])
  })

  it('names a cycle in order, each key followed by one that it depends on', () => {
    const tasks = [task('start'), task('c', 'start', 'b'), task('a', 'c'), task('b', 'a')]
    expect(planIssues({ tasks })).toEqual([
      {
        path: '/tasks/1/dependsOn/1',
        message: 'the tasks depend on each other in a circle: c → b → a → c',
        cycle: ['c', 'b', 'a', 'c'],
      },
    ])
  })

  it('finds nothing wrong with any acyclic plan', () => {
    fc.assert(fc.property(dags, (tasks) => void expect(planIssues({ tasks })).toEqual([])))
  })

  it('reports a true cycle for any plan that is closed into a ring', () => {
    fc.assert(
      fc.property(dags, fc.nat(), (tasks, pick) => {
        const from = tasks[pick % tasks.length] as (typeof tasks)[number]
        const ring = [
          ...tasks.map((t) => (t === from ? { ...t, dependsOn: [...t.dependsOn, 'ring'] } : t)),
          task('ring', from.key),
        ]
        const [issue] = planIssues({ tasks: ring })
        const keys = issue?.cycle ?? []
        expect(keys.length).toBeGreaterThan(2)
        expect(keys[0]).toBe(keys.at(-1))
        expect(new Set(keys).size).toBe(keys.length - 1)
        const byKey = new Map(ring.map((t) => [t.key, t]))
        for (const [i, key] of keys.slice(0, -1).entries()) expect(byKey.get(key)?.dependsOn).toContain(keys[i + 1])
      }),
    )
  })

  it('takes a chain of 10,000 tasks, forwards and backwards, and a ring of as many', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => task(`t${i}`, ...(i === 0 ? [] : [`t${i - 1}`])))
    const started = performance.now()
    expect(planIssues({ tasks: chain })).toEqual([])
    expect(planIssues({ tasks: chain.toReversed() })).toEqual([])
    expect(planIssues({ tasks: [task('t0', 't9999'), ...chain.slice(1)] })[0]?.cycle).toHaveLength(10_001)
    const graph = planGraph(chain.toReversed())
    expect(topologicalOrder(graph)).toHaveLength(10_000)
    expect(maxWidth(sequentialGraph(graph))).toBe(1)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('the graph of a plan', () => {
  it('orders every task after all that it depends on', () => {
    fc.assert(
      fc.property(dags, (tasks) => {
        const graph = planGraph(tasks)
        expect(isTopological(topologicalOrder(graph), graph.deps)).toBe(true)
        expect(findCycle(graph.deps)).toBeNull()
      }),
    )
  })

  it('keeps plan order among tasks that are free', () => {
    expect(topologicalOrder(planGraph([task('a'), task('b'), task('c')]))).toEqual([0, 1, 2])
  })

  it('in sequential mode is a chain that keeps every edge', () => {
    fc.assert(
      fc.property(dags, (tasks) => {
        const graph = planGraph(tasks)
        const chain = sequentialGraph(graph)
        graph.deps.forEach((list, i) => expect(chain.deps[i]).toEqual(expect.arrayContaining([...list])))
        chain.deps.forEach((list) => expect(new Set(list).size).toBe(list.length))
        chain.deps.forEach((list, i) => list.forEach((dep) => expect(chain.outs[dep]).toContain(i)))
        const order = topologicalOrder(chain)
        expect(isTopological(order, chain.deps)).toBe(true)
        order.slice(1).forEach((i, at) => expect(chain.deps[i]).toContain(order[at]))
        expect(maxWidth(chain)).toBe(1)
      }),
    )
  })

  it('is as wide as its widest level', () => {
    expect(maxWidth(planGraph([task('a'), task('b', 'a'), task('c', 'a'), task('d', 'b', 'c')]))).toBe(2)
    expect(maxWidth(planGraph([]))).toBe(0)
  })
})
