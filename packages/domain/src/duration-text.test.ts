import { expect, it } from 'vitest'
import { durationText } from './duration-text.ts'

it.each([
  [-5, '0 ms'],
  [840, '840 ms'],
  [999.7, '1.0 s'],
  [12_400, '12.4 s'],
  [59_949, '59.9 s'],
  [59_960, '1 min'],
  [200_000, '3 min 20 s'],
  [3_599_900, '1 h'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('tells %d ms as %s', (ms, text) => expect(durationText(ms)).toBe(text))
