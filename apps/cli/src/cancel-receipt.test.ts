import { NO_USAGE, type CancellationView, type RunView } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import { receiptText, untilStopped } from './cancel-receipt.ts'
import { runOf } from './testing/run-view.ts'

const receipt = (more: Partial<CancellationView> = {}): CancellationView => ({
  requestedAt: '2026-01-01T00:00:00.000Z',
  was: 'executing',
  tasks: { in_progress: 2, ready: 1, pending: 7 },
  spentBefore: { ...NO_USAGE, inputTokens: 12_000, outputTokens: 345, modelCalls: 5, costUsd: 0.12 },
  stopped: { calls: 2, lastStoppedAt: '2026-01-01T00:00:00.640Z' },
  spentAfter: { ...NO_USAGE, inputTokens: 200, outputTokens: 10, modelCalls: 1, costUsd: 0.0012 },
  ...more,
})

describe('a receipt in words', () => {
  it('says what the run was, what was ended and stopped, and what it cost', () => {
    expect(receiptText(receipt())).toBe(
      [
        'It was executing. Ended 10 tasks: 2 in progress, 1 ready, 7 pending.',
        'Stopped 2 of 2 at work, the last one 0.6 s after the request.',
        'Spent before the request: 12k tokens in 5 model calls, $0.12; after it: 210 tokens in 1 model call, $0.0012.',
      ].join('\n'),
    )
  })

  it('says that somebody has not told yet', () => {
    const text = receiptText(receipt({ stopped: { calls: 0, lastStoppedAt: null } }))
    expect(text).toContain('Stopped 0 of 2 at work so far; flotilla runs show tells later what they used.')
  })

  it('says nothing of calls where nothing was at work', () => {
    const idle = receipt({ was: 'awaiting_approval', tasks: {}, stopped: { calls: 0, lastStoppedAt: null } })
    expect(receiptText(idle).split('\n')).toHaveLength(2)
    expect(receiptText(idle)).toContain('It was awaiting approval. No task was left to end.')
  })
})

describe('waiting for a receipt', () => {
  const asking = (...answers: CancellationView[]) => {
    const client = { runs: { get: async (): Promise<RunView> => runOf({ cancellation: answers.shift() ?? null }) } }
    return { client: client as unknown as Parameters<typeof untilStopped>[0], answers }
  }
  const none = receipt({ stopped: { calls: 0, lastStoppedAt: null } })

  it('asks until all that was at work has told', async () => {
    const { client, answers } = asking(none, receipt(), none)
    expect(await untilStopped(client, 'run_1', none)).toEqual(receipt())
    expect(answers).toHaveLength(1)
  })

  it('does not ask where nothing was at work', async () => {
    const { client, answers } = asking(receipt())
    expect(await untilStopped(client, 'run_1', receipt({ tasks: { ready: 3 } }))).toMatchObject({ tasks: { ready: 3 } })
    expect(answers).toHaveLength(1)
  })
})
