import { NO_SPEND } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { bySpend } from './by-spend.ts'

it('puts the dearest task first, and free ones by their tokens and time', () => {
  const task = (key: string, spent: Partial<typeof NO_SPEND>) => ({
    key,
    budget: { limits: {}, reserved: NO_SPEND, spent: { ...NO_SPEND, ...spent } },
  })
  const tasks = [
    task('none', {}),
    task('slow', { seconds: 9 }),
    task('long', { tokens: 10 }),
    task('dear', { costUsd: 0.5 }),
  ]
  expect(bySpend(tasks).map(({ key }) => key)).toEqual(['dear', 'long', 'slow', 'none'])
})
