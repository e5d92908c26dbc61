import { describe, expect, it } from 'vitest'
import { Slots } from './slots.ts'

const SOON = 5
const LONG = 60_000

describe('slots', () => {
  it('are had as long as there are any, as many at once as are free', () => {
    const slots = new Slots(5)
    expect([slots.tryTake(2), slots.free]).toEqual([2, 3])
    expect([slots.tryTake(9), slots.free]).toEqual([3, 0])
    expect([slots.tryTake(1), slots.tryTake(0), slots.tryTake(-3), slots.free]).toEqual([0, 0, 0, 0])
    slots.release(2)
    expect(slots.free).toBe(2)
  })

  it('that are free are had without waiting', async () => {
    const slots = new Slots(1)
    expect(await slots.take(0)).toBe(true)
    expect(slots.free).toBe(0)
  })

  it('go to those who wait in the order in which they came', async () => {
    const slots = new Slots(1)
    slots.tryTake(1)
    const order: string[] = []
    const waiting = ['first', 'second', 'third'].map((name) => slots.take(LONG).then(() => order.push(name)))
    expect(slots.waiting).toBe(3)
    for (const each of waiting) {
      slots.release()
      await each
    }
    expect(order).toEqual(['first', 'second', 'third'])
    expect([slots.waiting, slots.free]).toEqual([0, 0])
  })

  it('that do not come free in time are given up, and go to the next one', async () => {
    const slots = new Slots(1)
    slots.tryTake(1)
    const impatient = slots.take(SOON)
    const patient = slots.take(LONG)
    expect(await impatient).toBe(false)
    expect(slots.waiting).toBe(1)
    slots.release()
    expect(await patient).toBe(true)
    slots.release()
    expect(slots.free).toBe(1)
  })

  it('tell only of a place that nobody waited for', async () => {
    let told = 0
    const slots = new Slots(2, () => told++)
    slots.tryTake(2)
    const waiting = slots.take(LONG)
    slots.release()
    await waiting
    expect(told).toBe(0)
    slots.release(2)
    expect(told).toBe(2)
    expect(slots.free).toBe(2)
  })
})
