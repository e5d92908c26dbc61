import { expect, test } from 'vitest'
import { table } from './table.ts'

test('columns are as wide as they must be, and texts are harmless', () => {
  const rows = [
    ['run_1', '12', 'a goal that is rather long'],
    ['run_22', '3', 'x\u001B[2J\ny'],
  ]
  expect(table([{ head: 'RUN' }, { head: 'N', align: 'right' }, { head: 'GOAL', max: 12 }], rows)).toBe(
    ['RUN      N  GOAL', 'run_1   12  a goal that…', 'run_22   3  x y'].join('\n'),
  )
})
