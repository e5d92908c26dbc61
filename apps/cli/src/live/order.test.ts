import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readingOrder } from './order.ts'

const node = (key: string, ...dependsOn: string[]) => ({ key, dependsOn })
const shown = (nodes: Parameters<typeof readingOrder>[0]) =>
  readingOrder(nodes).map(({ key, depth }) => `${depth}${key}`)

test('keeps branches together and puts a join beneath the last of its branches', () => {
  expect(shown([node('a'), node('b', 'a'), node('c', 'a'), node('b1', 'b'), node('end', 'b1', 'c')])).toEqual([
    '0a',
    '1b',
    '2b1',
    '1c',
    '3end',
  ])
})

test('a chain of 10,000 tasks', () => {
  const chain = Array.from({ length: 10_000 }, (_, i) => (i === 0 ? node('t0') : node(`t${i}`, `t${i - 1}`)))
  expect(readingOrder(chain).at(-1)).toEqual({ key: 't9999', depth: 9_999 })
})

test('what no valid plan has: a cycle, and a dependency that is not there', () => {
  expect(shown([node('a', 'gone'), node('x', 'y'), node('y', 'x')])).toEqual(['0a', '0x', '0y'])
})

test('every task once, after all that it depends on', () => {
  const graphs = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 30 }).map((lists) =>
    lists.map((list, i) => ({
      key: `t${i}`,
      dependsOn: i === 0 ? [] : [...new Set(list.map((n) => `t${n % i}`))],
    })),
  )
  fc.assert(
    fc.property(graphs, (nodes) => {
      const places = new Map(readingOrder(nodes).map(({ key }, at) => [key, at]))
      expect(places.size).toBe(nodes.length)
      for (const { key, dependsOn } of nodes)
        for (const dependency of dependsOn) expect(places.get(dependency)).toBeLessThan(places.get(key) ?? -1)
    }),
  )
})
