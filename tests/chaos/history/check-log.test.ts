import { expect, test } from 'vitest'
import { checkLog } from './check-log.ts'
import { goodHistory, toldIn, withEvents } from './histories.ts'
import type { RunHistory } from './history.ts'

const kinds = (history: RunHistory): string[] => checkLog(history).map(({ kind }) => kind)
const good = goodHistory()
const log = toldIn(good)

test('finds nothing in a log that is in order', () => {
  expect(kinds(good)).toEqual([])
})

test('finds a gap in the numbers, and a run that counts other than its log', () => {
  const gap = {
    ...good,
    events: good.events.map((event) => (event.seq > 5 ? { ...event, seq: event.seq + 1 } : event)),
  }
  expect(kinds(gap)).toEqual(['seq_gap', 'seq_off'])
  expect(kinds({ ...good, run: { ...good.run, seq: 13 } })).toEqual(['seq_off'])
})

test('finds a run that has not ended', () => {
  const run = { ...good.run, status: 'executing', live: true }
  expect(kinds({ ...withEvents({ ...good, run }, log.slice(0, -1)) })).toEqual(['not_terminal'])
})

test.each([
  ['none', log.slice(0, -1)],
  ['two', [...log, ['run.completed', null] as const]],
  ['one that is not the last', [...log.slice(0, -1), ['run.completed', null] as const, ['task.turn', 0] as const]],
  ['another than the status says', [...log.slice(0, -1), ['run.failed', null] as const]],
])('finds %s ends of a run where there is to be one, the last event', (_, told) => {
  expect(kinds(withEvents(good, told))).toEqual(['run_end'])
})

test.each(['total', 'completed', 'failed', 'skipped', 'percent'])('finds a progress whose %s is off', (field) => {
  const told = log.map(([type, idx, data], i) =>
    i === 8 ? ([type, idx, { ...data, [field]: 3 }] as const) : ([type, idx, data ?? {}] as const),
  )
  expect(kinds(withEvents(good, told))).toEqual(['progress_off'])
})

test.each(['completed', 'failed', 'skipped', 'todo', 'total'] as const)(
  'finds a run whose %s is not what its log says',
  (field) => {
    expect(kinds({ ...good, run: { ...good.run, [field]: 1 } })).toEqual(['progress_off'])
  },
)
