import { expect, test } from 'vitest'
import { briefOf } from '../context/brief.test-support.ts'
import { AttemptAbort } from './abort-reason.ts'
import { bench } from './executor.test-support.ts'

const brief = { task: { ...briefOf().task, tools: ['look'], turnTimeoutSeconds: 0.02 } }

test('a turn that takes too long fails the attempt, and says which limit that was', async () => {
  const made = bench([{ toolCalls: [{ name: 'look', arguments: {} }] }, { untilSignal: true }])
  expect(await made.run({ brief })).toMatchObject({
    kind: 'failed',
    failure: {
      code: 'attempt_timeout',
      message: 'turn 2 was not answered within 0.02 s, the turnTimeoutSeconds of its task',
    },
    usage: { modelCalls: 2 },
  })
})

test('the time of a turn is its model call’s alone', async () => {
  const limited = { task: { ...brief.task, turnTimeoutSeconds: 0.05 } }
  const slow = async () => {
    await expect.poll(() => performance.now() - begun > 60, { timeout: 30_000 }).toBe(true)
    return { ok: true, text: 'seen' }
  }
  const made = bench([{ toolCalls: [{ name: 'look', arguments: {} }] }, { text: 'Done.' }], {}, { look: slow })
  const begun = performance.now()
  expect((await made.run({ brief: limited })).kind).toBe('output')
})

test('a cancel during a limited turn is a cancel', async () => {
  const controller = new AbortController()
  const made = bench([
    () => {
      controller.abort(new AttemptAbort('cancelled', 'why'))
      return { untilSignal: true }
    },
  ])
  expect(await made.run({ brief, signal: controller.signal })).toMatchObject({ failure: { code: 'cancelled' } })
})
