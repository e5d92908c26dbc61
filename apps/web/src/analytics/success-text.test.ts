import { NO_SUMS } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { successNote } from './success-text.ts'

it.each([
  [{}, ''],
  [{ cancelled: 2 }, '2 cancelled not counted'],
  [{ completed: 1, successRate: 1 }, 'of 1 ended run'],
  [{ completed: 3, failed: 1, cancelled: 2, successRate: 0.75 }, 'of 4 ended runs, 2 cancelled not counted'],
])('says of %j what the rate is of', (sums, text) => expect(successNote({ ...NO_SUMS, ...sums })).toBe(text))
