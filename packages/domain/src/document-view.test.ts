import { expect, it } from 'vitest'
import { countPrepared, mayPrepare, preparingText } from './document-view.ts'

it('counts what is prepared', () =>
  expect(countPrepared([{ prepared: true }, { prepared: false }, { prepared: true }])).toEqual({
    prepared: 2,
    total: 3,
  }))

it.each([
  ['planning', 0, { prepared: 7, total: 20 }, 'preparing documents: 7 of 20'],
  ['executing', 0, { prepared: 19, total: 20 }, 'preparing documents: 19 of 20'],
  ['executing', 6, { prepared: 7, total: 20 }, null],
  ['planning', 0, { prepared: 20, total: 20 }, null],
  ['planning', 0, { prepared: 0, total: 0 }, null],
  ['planning', 0, null, null],
  ['created', 0, { prepared: 0, total: 20 }, null],
  ['awaiting_approval', 0, { prepared: 7, total: 20 }, null],
  ['cancelled', 0, { prepared: 7, total: 20 }, null],
] as const)('of a run that is %s with %d tasks and %j it says %j', (status, tasks, documents, text) =>
  expect(preparingText(status, tasks, documents)).toBe(text),
)

it('asks until it knows, and while some are not', () =>
  expect([
    mayPrepare('created', 0, null),
    mayPrepare('planning', 0, { prepared: 1, total: 2 }),
    mayPrepare('planning', 0, { prepared: 2, total: 2 }),
    mayPrepare('completed', 0, null),
  ]).toEqual([true, true, false, false]))
