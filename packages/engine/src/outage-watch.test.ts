import { describe, expect, it } from 'vitest'
import { createOutageWatch } from './outage-watch.ts'

const broken = (code: string): Error => Object.assign(new Error('broken'), { code })

describe('an outage watch', () => {
  it('lets answers and errors through', async () => {
    const { over } = createOutageWatch()
    await expect(over(async (a: number, b: number) => a + b)(1, 2)).resolves.toBe(3)
    await expect(over(() => Promise.reject(broken('23505')))()).rejects.toThrow('broken')
  })

  it.each([
    ['57P01', true],
    ['ECONNREFUSED', true],
    ['57014', false],
    ['23505', false],
    ['42703', false],
  ])('takes %s for an outage: %s', async (code, seen) => {
    const watch = createOutageWatch()
    await expect(watch.over(() => Promise.reject(broken(code)))()).rejects.toThrow('broken')
    expect(watch.seen).toBe(seen)
  })
})
