import { expect, test, vi } from 'vitest'
import { createVectorCache } from './vector-cache.ts'
import type { VectorSpace } from './vector-space.ts'

/** `values` float32 of four bytes. */
const space = (values: number): VectorSpace => ({ model: 'm', dimensions: 1, keys: [], flat: new Float32Array(values) })
const loads = (values: number) => vi.fn<() => Promise<VectorSpace[]>>(() => Promise.resolve([space(values)]))

test('loads a collection once for each state it is in', async () => {
  const cache = createVectorCache()
  const load = loads(10)
  await Promise.all([cache.spaces(1, 'a', load), cache.spaces(1, 'a', load)])
  await cache.spaces(1, 'a', load)
  expect(load).toHaveBeenCalledTimes(1)
  await cache.spaces(1, 'b', load)
  expect(load).toHaveBeenCalledTimes(2)
  expect(cache.bytes).toBe(40)
})

test('gives up the collection that was unused longest when the bytes do not suffice', async () => {
  const cache = createVectorCache({ maxBytes: 100 })
  const [one, two, three] = [loads(10), loads(10), loads(10)]
  await cache.spaces(1, 'a', one)
  await cache.spaces(2, 'a', two)
  await cache.spaces(1, 'a', one)
  await cache.spaces(3, 'a', three)
  expect(cache.bytes).toBe(80)
  await cache.spaces(1, 'a', one)
  await cache.spaces(2, 'a', two)
  expect([one, two, three].map((load) => load.mock.calls.length)).toEqual([1, 2, 1])
})

test('serves a collection that is too big without holding it', async () => {
  const cache = createVectorCache({ maxBytes: 100 })
  expect((await cache.spaces(1, 'a', loads(50)))[0]?.flat.length).toBe(50)
  expect(cache.bytes).toBe(0)
})

test('passes on a failed load and holds nothing; who shared it loads anew', async () => {
  const cache = createVectorCache()
  const lost = new Error('connection lost')
  const results = await Promise.allSettled([
    cache.spaces(1, 'a', () => Promise.reject(lost)),
    cache.spaces(1, 'a', loads(10)),
  ])
  expect(results[0]).toEqual({ status: 'rejected', reason: lost })
  expect(results[1]?.status).toBe('fulfilled')
  await cache.spaces(1, 'a', loads(10))
  expect(cache.bytes).toBe(40)
})
