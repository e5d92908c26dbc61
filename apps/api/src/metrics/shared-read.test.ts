import { expect, it } from 'vitest'
import { sharedRead } from './shared-read.ts'

it('is made once for all who ask in its time, and again after it', async () => {
  const clock = { now: 0 }
  let reads = 0
  const read = sharedRead(
    () => Promise.resolve(++reads),
    1_000,
    () => clock.now,
  )
  expect(await Promise.all([read(), read()])).toEqual([1, 1])
  clock.now = 999
  expect(await read()).toBe(1)
  clock.now = 1_000
  expect(await read()).toBe(2)
})

it('keeps no failure', async () => {
  const answers = [Promise.reject(new Error('away')), Promise.resolve('there')]
  const read = sharedRead(
    () => answers.shift() ?? Promise.resolve('none'),
    1_000,
    () => 0,
  )
  await expect(read()).rejects.toThrow('away')
  expect(await read()).toBe('there')
})
