import { expect, test } from 'vitest'
import { within } from './within.ts'

test('work is waited for no longer than told, and its failure is an end', async () => {
  expect(await within(Promise.resolve(), 1_000)).toBe(true)
  expect(await within(Promise.reject(new Error('over as well')), 1_000)).toBe(true)
  expect(await within(new Promise(() => {}), 1)).toBe(false)
})
