import { createLogger } from '@flotilla/runtime'
import { beforeEach, describe, expect, it } from 'vitest'
import { afterRound, createQueueWatch, type QueueWatch } from './queue-watch.ts'

/** A queue that does as the test says; time passes only between rounds. */
let queue: 'works' | 'away' | 'silent'
let now: number
let returned: number
let sent: number
let ended: string[]
let deaths: string[]
let watch: QueueWatch

beforeEach(() => {
  ;[queue, now, returned, sent, ended, deaths] = ['works', 0, 0, 0, [], []]
  watch = createQueueWatch({
    canary: {
      send: async () => {
        if (queue === 'away') throw new Error('no connection')
        sent += 1
        if (queue === 'works') returned += 1
      },
      returned: () => {
        const since = returned
        returned = 0
        return since
      },
    },
    ended: () => ended,
    onDead: (reason) => deaths.push(reason),
    log: createLogger({ name: 'test', level: 'silent' }),
    intervalMs: 1_000,
    patienceMs: 10_000,
    now: () => now,
  })
})

async function rounds(n: number, everyMs = 1_000): Promise<void> {
  for (let i = 0; i < n; i++) {
    now += everyMs
    await watch.runOnce()
  }
}

describe('a queue watch', () => {
  it('lets a process live whose canaries come back', async () => {
    await rounds(100)
    expect([sent, deaths, watch.health()]).toEqual([100, [], { lateMs: 0, away: false }])
  })

  it('ends a process that gets nothing of what the queue takes, once', async () => {
    await rounds(3)
    queue = 'silent'
    await rounds(10)
    expect(deaths).toEqual([])
    await rounds(3)
    expect(deaths).toEqual(['the queue takes jobs, but for 10 s none has reached this process'])
  })

  it('has patience with a queue that is away, and begins anew when it is back', async () => {
    queue = 'silent'
    await rounds(9)
    queue = 'away'
    await rounds(100)
    expect(watch.health()).toEqual({ lateMs: 0, away: true })
    queue = 'silent'
    await rounds(8)
    queue = 'works'
    await rounds(3)
    expect([deaths, watch.health()]).toEqual([[], { lateMs: 0, away: false }])
  })

  it('does not count what a process missed that stood still', async () => {
    queue = 'silent'
    await rounds(2, 60_000)
    expect(deaths).toEqual([])
    expect(watch.health().lateMs).toBeLessThan(5_000)
  })

  it('ends a process with a consumer that has ended, told twice', async () => {
    ended = ['plan']
    await rounds(1)
    ended = []
    await rounds(1)
    expect(deaths).toEqual([])
    ended = ['plan', 'verify']
    await rounds(2)
    expect(deaths).toEqual(['the consumers of plan, verify have ended by themselves'])
  })
})

it('what comes back while nothing is taken is no reason to worry either', () => {
  expect(afterRound({ lateMs: 5, away: true }, { taken: false, returned: 1, elapsedMs: 9 })).toEqual({
    lateMs: 0,
    away: true,
  })
})
