import type { ClaimedTask, Settlement, StepInput, StepResult, Verb } from '@flotilla/db'
import { expect, it } from 'vitest'
import { listen } from './engine-metrics.test-support.ts'
import { measureStep } from './engine-metrics.ts'

const settlement = (verb: Verb, judged = false): Settlement => ({
  runId: 1,
  idx: 0,
  fence: 1,
  judged,
  verb,
  delayMs: 0,
  data: { kind: 'first' },
})
const claimed = (kind: ClaimedTask['kind'], judge = false): ClaimedTask => ({
  runId: 1,
  idx: 0,
  fence: 1,
  attempt: 1,
  kind,
  tries: 1,
  recoveries: 0,
  revisions: 0,
  continuations: 0,
  judge,
  role: 'writer',
  workspaceId: 1,
})
const waiting = { runId: 1, idx: 9, role: 'writer', delayMs: 0, judge: false, priority: 5 }

it('a step tells what it was asked for, what took effect, and what its fence refused', async () => {
  const { metrics, told } = listen()
  const result: StepResult = {
    settled: [0, 2, 3],
    claimed: [claimed('first'), claimed('retry'), claimed('first', true)],
    wake: [],
    wait: [waiting],
    closed: [],
  }
  const input: StepInput = {
    settlements: [settlement('complete'), settlement('fail'), settlement('retry'), settlement('retry', true)],
    claims: [{ runId: 1, idx: 9 }],
    cap: 0,
    served: null,
    leaseMs: 1,
    worker: 'w',
  }
  expect(await measureStep(metrics, () => Promise.resolve(result))(input)).toBe(result)
  expect(told).toEqual([
    [
      'stepped',
      {
        size: 5,
        seconds: expect.any(Number),
        claimed: 3,
        attempts: ['first', 'retry'],
        settled: ['complete', 'retry', 'retry'],
        fenced: 1,
      },
    ],
    ['retried', 'judge', 1],
    ['retried', 'task', 1],
    ['gateWaited', 'limit', 1],
  ])
})

it('without anyone to tell, a step is left as it is', () => {
  const step = (): Promise<StepResult> => Promise.reject(new Error('not called'))
  expect(measureStep(undefined, step)).toBe(step)
})
