import { expect, test, vi } from 'vitest'
import { createMediaCache } from './media-cache.ts'

const loads = (chars: number) => vi.fn<() => Promise<string | null>>(() => Promise.resolve('x'.repeat(chars)))
const calls = (...all: ReturnType<typeof loads>[]): number[] => all.map((load) => load.mock.calls.length)

test('loads a file once, for those that ask for it at the same time too', async () => {
  const cache = createMediaCache()
  const load = loads(10)
  await Promise.all([cache.get('a', load), cache.get('a', load)])
  expect(await cache.get('a', load)).toBe('x'.repeat(10))
  expect(calls(load)).toEqual([1])
  expect(cache.bytes).toBe(10)
})

test('gives up the file that was unused longest when the bytes do not suffice', async () => {
  const cache = createMediaCache({ maxBytes: 25 })
  const [one, two, three] = [loads(10), loads(10), loads(10)]
  await cache.get('1', one)
  await cache.get('2', two)
  await cache.get('1', one)
  await cache.get('3', three)
  expect(cache.bytes).toBe(20)
  await cache.get('1', one)
  await cache.get('2', two)
  expect(calls(one, two, three)).toEqual([1, 2, 1])
})

test('serves a file that is too big without holding it', async () => {
  const cache = createMediaCache({ maxBytes: 5 })
  expect(await cache.get('a', loads(10))).toHaveLength(10)
  expect(cache.bytes).toBe(0)
})

test('asks anew for what was not there, or could not be read', async () => {
  const cache = createMediaCache()
  const lost = new Error('connection lost')
  await expect(cache.get('a', () => Promise.reject(lost))).rejects.toBe(lost)
  expect(await cache.get('a', () => Promise.resolve(null))).toBeNull()
  expect(cache.bytes).toBe(0)
  expect(await cache.get('a', loads(10))).toHaveLength(10)
})
