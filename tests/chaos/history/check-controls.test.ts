import { expect, test } from 'vitest'
import { checkControls } from './check-controls.ts'
import { goodHistory, toldIn, withEvents, type Told } from './histories.ts'
import type { RunHistory } from './history.ts'

const good = goodHistory()
const log = toldIn(good)
const none = new Set<string>()
const own = new Set([good.run.uid])
const kinds = (history: RunHistory, asked = none, confirmed = none): string[] =>
  checkControls(history, asked, confirmed).map(({ kind }) => kind)
const cancelled = { ...good, run: { ...good.run, status: 'cancelled' } }
const at = (position: number, ...told: Told[]): RunHistory => withEvents(good, log.toSpliced(position, 0, ...told))

test('finds nothing where all came as it was asked for', () => {
  expect(kinds(good)).toEqual([])
  expect(kinds(good, own)).toEqual([])
  expect(kinds(cancelled, own, own)).toEqual([])
})

test('finds a confirmed cancel without effect, and a cancel that nobody asked for', () => {
  expect(kinds(good, own, own)).toEqual(['cancel_lost'])
  expect(kinds(cancelled)).toEqual(['cancel_lost'])
})

test('finds what starts while its run is paused, and nothing else', () => {
  expect(kinds(at(3, ['run.paused', null], ['run.resumed', null]))).toEqual([])
  expect(kinds(at(4, ['run.paused', null], ['task.turn', 0], ['run.resumed', null]))).toEqual([])
  expect(kinds(at(3, ['run.paused', null]))).toEqual(['started_while_paused', 'started_while_paused'])
})
