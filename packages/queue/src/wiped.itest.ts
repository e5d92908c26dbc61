import { describeOnEachBackend } from '@flotilla/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MAINTAIN_QUEUE } from './names.ts'
import { openTestQueue, type TestQueue } from './testing/queue-fixture.ts'

describeOnEachBackend('a queue that has lost what it held', (kind) => {
  let queue: TestQueue
  beforeEach(async () => {
    queue = await openTestQueue(kind)
  })
  afterEach(() => queue.close())

  it('says so once each time', async () => {
    const { producer, backend } = queue
    expect(await producer.wiped()).toBe(true)
    expect(await producer.wiped()).toBe(false)
    const maintain = backend.queue(MAINTAIN_QUEUE)
    await maintain.obliterate({ force: true })
    await maintain.close()
    expect(await producer.wiped()).toBe(true)
    expect(await producer.wiped()).toBe(false)
  })

  it('has no backlog by its mark', async () => {
    await queue.producer.wiped()
    expect(await queue.producer.waiting([])).toBe(0)
  })
})
