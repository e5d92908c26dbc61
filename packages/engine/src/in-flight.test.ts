import { describe, expect, it } from 'vitest'
import { InFlight } from './in-flight.ts'

describe('work in flight', () => {
  it('has settled when all of it has ended, what began meanwhile and what failed too', async () => {
    const flight = new InFlight()
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    void flight.add(first.promise)
    let settled = false
    const over = flight.settled().then(() => (settled = true))
    second.promise.catch(() => {})
    flight.add(second.promise).catch(() => {})
    first.resolve()
    await first.promise
    expect(settled).toBe(false)
    second.reject(new Error('lost'))
    await over
    expect(settled).toBe(true)
  })
})
