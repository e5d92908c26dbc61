import type { WorkerRow } from '@flotilla/db'
import { NO_BACKLOG, TOLD_MINUTES, type CountedPool, type MinuteCounts, type WorkerTold } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { fleetView, type FleetParts } from './fleet-view.ts'

const MINUTE = 29_000_000
const NOW = MINUTE * 60_000 + 30_000
const counts = (...last: number[]): number[] => [
  ...Array.from({ length: TOLD_MINUTES - last.length }, () => 0),
  ...last,
]

const row = (name: string, told: Partial<WorkerTold> = {}, silentSeconds = 3): WorkerRow => ({
  name,
  startedAt: new Date('2026-11-22T10:00:00Z'),
  silentSeconds,
  told: {
    version: '1.2.3',
    roles: ['agent:*'],
    places: 50,
    judgePlaces: 20,
    draining: false,
    minute: MINUTE,
    done: {},
    chores: null,
    ...told,
  },
})
const NOTHING: FleetParts = { backlogs: new Map(), figures: { runs: {}, oldest: {} }, atWork: [], workers: [] }

it('an empty record is an empty fleet', () =>
  expect(fleetView(NOTHING, NOW)).toEqual({
    runs: {},
    pools: [],
    countedSeconds: null,
    workers: [],
    reconciler: null,
  }))

it('pools have what there is to do, and what was done, also where nothing is left', () => {
  const backlogs = new Map<CountedPool, typeof NO_BACKLOG>([['agent:writer', { ...NO_BACKLOG, ready: 2 }]])
  const workers = [
    row('w1', { done: { 'agent:writer': counts(9, 9) } }),
    row('w2', { minute: MINUTE - 1, done: { 'agent:writer': counts(9), plan: counts(1) } }),
  ]
  const { pools } = fleetView(
    { ...NOTHING, backlogs, workers, figures: { runs: {}, oldest: { 'agent:writer': 4 } } },
    NOW,
  )
  expect(pools).toEqual([
    { pool: 'agent:writer', ...NO_BACKLOG, ready: 2, oldestSeconds: 4, done: counts(18, 9), donePerMinute: 6 },
    { pool: 'plan', ...NO_BACKLOG, oldestSeconds: null, done: counts(1, 0), donePerMinute: 1 / 4.5 },
  ])
})

it('tells of how long it counts: since the last worker started, or all that is told', () => {
  const since = (secondsAgo: number) => ({ ...row(`w${secondsAgo}`), startedAt: new Date(NOW - secondsAgo * 1_000) })
  const counted = (...ago: number[]) => fleetView({ ...NOTHING, workers: ago.map(since) }, NOW).countedSeconds
  expect([counted(5_000, 180), counted(5_000), counted(-1)]).toEqual([180, 900, 0])
})

it('places for judging stand apart; who does not tell them has none known', () => {
  const { judgePlaces: _, ...earlier } = row('w1').told
  const view = fleetView({ ...NOTHING, workers: [{ ...row('w1'), told: earlier }, row('w2')] }, NOW)
  expect(view.workers.map(({ places, judgePlaces }) => [places, judgePlaces])).toEqual([
    [50, null],
    [50, 20],
  ])
})

it('workers are idle, at work, draining or silent; who tells nothing is known by its tasks', () => {
  const workers = [row('w2'), row('w10', { draining: true }), row('w1', {}, 46), row('w3')]
  const atWork = [
    { name: 'w3', tasks: 7 },
    { name: 'old', tasks: 1 },
  ]
  const view = fleetView({ ...NOTHING, workers, atWork }, NOW)
  expect(view.workers.map(({ name, state, tasks, places }) => [name, state, tasks, places])).toEqual([
    ['old', 'working', 1, null],
    ['w1', 'silent', 0, 50],
    ['w2', 'idle', 0, 50],
    ['w3', 'working', 7, 50],
    ['w10', 'draining', 0, 50],
  ])
})

it('the reconciler is who swept last, with what all of them did', () => {
  const chores = (sweptMsAgo: number, done: MinuteCounts) => ({ chores: { sweptMsAgo, everyMs: 500, done } })
  const workers = [
    row('w1', chores(60_000, { recovered: counts(1, 0), woken: counts(3) })),
    row('w2', chores(1_000, { recovered: counts(2) }), 10),
    row('w3'),
  ]
  expect(fleetView({ ...NOTHING, workers }, NOW).reconciler).toEqual({
    worker: 'w2',
    sweptSecondsAgo: 11,
    everySeconds: 0.5,
    done: { recovered: 3, woken: 3 },
    recovered: counts(1, 2),
    woken: counts(3),
  })
})
