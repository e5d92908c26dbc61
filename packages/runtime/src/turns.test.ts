import { expect, it } from 'vitest'
import { createTurns } from './turns.ts'

const busy = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

it('lets the event loop work between what goes on at once', async () => {
  const turn = createTurns()
  const order: string[] = []
  let loops = 0
  const watch = (): void => {
    loops += 1
    if (order.length < 40) setImmediate(watch)
  }
  setImmediate(watch)
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      await Promise.resolve()
      await turn()
      order.push(String(i))
      busy(2)
    }),
  )
  expect(order).toEqual(Array.from({ length: 40 }, (_, i) => String(i)))
  expect(loops).toBeGreaterThanOrEqual(10)
})

it('has one through all its steps before the next goes on', async () => {
  const turn = createTurns()
  const order: string[] = []
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      await turn()
      for (let step = 0; step < 5; step += 1) {
        order.push(`${i}.${step}`)
        await Promise.resolve()
      }
    }),
  )
  // The first four wait for nobody.
  const expected = Array.from({ length: 16 }, (_, i) => Array.from({ length: 5 }, (__, step) => `${i + 4}.${step}`))
  expect(order.slice(20)).toEqual(expected.flat())
})

it('makes nobody wait where there is little to do', () => {
  expect(createTurns()()).toBeUndefined()
})
