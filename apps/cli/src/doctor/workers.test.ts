import type { Client } from '@flotilla/client'
import type { FleetWorker } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { checkWorkers } from './workers.ts'

const ALL = ['planner', 'agent:*', 'verifier', 'learner', 'maintenance']
const worker = (name: string, more: Partial<FleetWorker> = {}): FleetWorker => ({
  name,
  state: 'idle',
  tasks: 0,
  places: 50,
  judgePlaces: 25,
  roles: ALL,
  version: '1.0.0',
  startedAt: '2026-11-22T10:00:00.000Z',
  heardSecondsAgo: 4,
  ...more,
})
const check = (...workers: FleetWorker[]) =>
  checkWorkers({
    fleet: async () => ({ runs: {}, pools: [], countedSeconds: 900, workers, reconciler: null }),
  } as unknown as Client)

test('a fleet that has all roles is told with its places', async () => {
  expect(await check(worker('w1', { state: 'working', tasks: 3 }), worker('w2', { state: 'draining' }))).toEqual([
    {
      name: 'Workers',
      status: 'ok',
      detail: '2, 1 of them on the way out: 3 of 100 places used (50 for agents, 50 for judging)',
    },
  ])
})

test('nobody there, a silent one and a missing role are told with what to do', async () => {
  const none = await check()
  expect(none).toMatchObject([{ status: 'warn', detail: 'none is heard of: runs wait' }])
  expect(await check(worker('w1', { state: 'silent', heardSecondsAgo: 90 }))).toEqual(none)
  const silent = await check(worker('w1'), worker('w2', { state: 'silent', heardSecondsAgo: 61.4 }))
  expect(silent).toMatchObject([{ status: 'warn', detail: 'w2 was not heard of for 61 s' }])
  const missing = await check(worker('w1', { roles: ['planner', 'verifier', 'maintenance'] }))
  expect(missing).toMatchObject([
    { detail: 'none serves agents: tasks are not done', mend: 'put agent:* into FLOTILLA_ROLES of one' },
  ])
})

test('a worker of an earlier version may serve anything', async () => {
  const untold = worker('old', { version: null, roles: [], places: null, startedAt: null, heardSecondsAgo: null })
  expect(await check(untold)).toMatchObject([{ status: 'ok' }])
})

test('a server that does not tell is passed over', async () => {
  expect(await checkWorkers({ fleet: () => Promise.reject(new Error('403')) } as unknown as Client)).toEqual([])
  expect(await checkWorkers({ fleet: async () => ({ workers: [] }) } as unknown as Client)).toEqual([])
})
