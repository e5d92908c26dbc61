import { describe, expect, it } from 'vitest'
import { criticalPath } from './critical-path.ts'
import { groupTasks } from './groups.ts'
import { columnsOf, layoutGraph } from './layout.ts'

const node = (key: string, ...dependsOn: string[]) => ({ key, dependsOn, role: 'writer' })
const diamond = [node('a'), node('b', 'a'), node('c', 'a'), node('d', 'b', 'c')]

describe('layoutGraph', () => {
  it('stands each node a column after the last it depends on', () =>
    expect(Object.fromEntries(columnsOf([...diamond, node('e', 'a', 'd')]))).toEqual({ a: 0, b: 1, c: 1, d: 2, e: 3 }))

  it('centres a node on what it depends on', () => {
    const places = layoutGraph(diamond)
    expect(places.get('a')?.row).toBe(0)
    expect(places.get('b')?.row).toBe(-0.5)
    expect(places.get('c')?.row).toBe(0.5)
    expect(places.get('d')?.row).toBe(0)
  })

  it('gives no two nodes one place', () => {
    const wide = [node('a'), ...Array.from({ length: 40 }, (_, i) => node(`b${i}`, 'a')), node('z', 'b3', 'b17')]
    const places = [...layoutGraph(wide).values()].map(({ column, row }) => `${column} ${row}`)
    expect(new Set(places).size).toBe(wide.length)
  })

  it('moves nothing that was there when the graph grows at its end', () => {
    const before = layoutGraph(diamond)
    const after = layoutGraph([...diamond, node('e', 'd'), node('f', 'e')])
    for (const [key, place] of before) expect(after.get(key)).toEqual(place)
  })

  it('places cycles and unknown dependencies too', () => {
    const places = layoutGraph([node('a'), node('b', 'a', 'c'), node('c', 'b'), node('d', 'nobody')])
    expect([...places.values()].map(({ column }) => column)).toEqual([0, 1, 2, 0])
  })
})

describe('groupTasks', () => {
  const large = [node('a'), ...Array.from({ length: 1_000 }, (_, i) => node(`b${i}`, 'a')), node('z', 'b1', 'b2')]
  it('draws small graphs whole', () =>
    expect(groupTasks(diamond, new Set()).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd']))
  it('draws side by side tasks of one role as one', () => {
    const groups = groupTasks(large, new Set())
    expect(groups.map(({ key, dependsOn, members }) => [key, dependsOn, members.length])).toEqual([
      ['a', [], 1],
      ['group:1/writer', ['a'], 1_000],
      ['z', ['group:1/writer'], 1],
    ])
  })
  it('opens a group', () => expect(groupTasks(large, new Set(['group:1/writer']))).toHaveLength(1_002))
})

describe('criticalPath', () => {
  const timed = (key: string, ms: number, ...dependsOn: string[]) => ({ key, ms, dependsOn })
  it('is the longest chain by time, not by length', () =>
    expect(
      criticalPath([
        timed('a', 10),
        timed('b', 1, 'a'),
        timed('c', 1, 'b'),
        timed('d', 50, 'a'),
        timed('e', 5, 'c', 'd'),
      ]),
    ).toEqual(['a', 'd', 'e']))
  it('is a chain also where nothing has taken time yet', () =>
    expect(criticalPath([timed('a', 0), timed('b', 0, 'a')]).length).toBeGreaterThan(0))
  it('is empty of nothing', () => expect(criticalPath([])).toEqual([]))
})
