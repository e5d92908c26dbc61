import type { FleetWorker } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { choreLines, placesFor, placesText, rateText, secondsText, workerState } from './fleet-text.ts'

const worker: FleetWorker = {
  name: 'w1',
  state: 'silent',
  tasks: 2,
  places: 50,
  judgePlaces: null,
  roles: [],
  version: null,
  startedAt: null,
  heardSecondsAgo: 61.4,
}

it.each([
  [0, '0'],
  [0.02, '< 0.1'],
  [1 / 3, '0.3'],
  [12.4, '12'],
  [12_345, '12.3k'],
])('tells a rate of %d as %s', (rate, text) => expect(rateText(rate)).toBe(text))

it('tells seconds as whole ones', () =>
  expect([0.2, 12.3, 61.4].map(secondsText)).toEqual(['1 s', '12 s', '1 min 1 s']))

it('says for how long a worker was not heard of, and how many places it has', () => {
  expect(workerState(worker)).toEqual({ text: 'not heard of for 1 min 1 s', tone: 'bad' })
  expect(workerState({ ...worker, state: 'idle' }).text).toBe('idle')
  expect([placesText(worker), placesText({ ...worker, places: null })]).toEqual(['2 of 50', '2'])
})

it('says what places are for', () => {
  const both = { places: 100, judgePlaces: 50 }
  expect(placesFor([both])).toBe('50 for agents, 50 for judging')
  expect(placesFor([both, { places: 8, judgePlaces: 0 }])).toBe('58 for agents, 50 for judging')
  expect(placesFor([{ places: 20, judgePlaces: 20 }])).toBe('20 for judging')
  expect(placesFor([{ places: 0, judgePlaces: 0 }])).toBe('')
})

it('tells chores in words, what matters most first', () =>
  expect(choreLines({ learned: 3, newer: 1, recovered: 2 }).map(({ words, n }) => [words, n])).toEqual([
    ['tasks and runs taken over from lost workers', 2],
    ['ended runs that were not yet in the agents’ statistics', 3],
    ['newer', 1],
  ]))
