import { expect, test } from 'vitest'
import { until } from './until.ts'

test('answers the first value that is something', async () => {
  const answers = [undefined, null, false, 0]
  expect(await until(() => answers.shift(), { what: 'an answer comes' })).toBe(0)
})

test('awaits the condition, and takes one that throws as not met yet', async () => {
  let asked = 0
  const condition = async (): Promise<string> => {
    asked += 1
    if (asked < 3) throw new Error('connection refused')
    return 'ready'
  }
  expect(await until(condition, { what: 'the server answers' })).toBe('ready')
})

test('gives up, naming what it waited for and why it was not met', async () => {
  const refused = new Error('connection refused')
  const waiting = until(() => Promise.reject(refused), { what: 'the server answers', timeoutMs: 20 })
  await expect(waiting).rejects.toMatchObject({
    message: 'gave up after 20 ms waiting until the server answers',
    cause: refused,
  })
})
