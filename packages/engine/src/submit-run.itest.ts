import { randomBytes } from 'node:crypto'
import { CreateRunSchema } from '@flotilla/domain'
import { systemClock } from '@flotilla/runtime'
import { until } from '@flotilla/testing'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { submitRun } from './submit-run.ts'
import { openRuns, type Runs } from './testing/run-fixture.ts'

let runs: Runs
beforeAll(async () => {
  runs = await openRuns()
})
afterAll(() => runs.close())

const recorded = async (): Promise<number> => (await runs.pool.query('select from flotilla.runs')).rowCount ?? 0

/** A request that waits in its transaction until the lock is given back; `pid` is that of its session. */
async function submitAtLock() {
  const locker = await runs.pool.connect()
  // Destroyed, since it holds the lock where the test fails.
  onTestFinished(() => locker.release(true))
  await locker.query('set role none')
  await locker.query('begin')
  await locker.query('lock table flotilla.runs in share mode')
  const request = { answered: false }
  const answer = runs.submit().finally(() => (request.answered = true))
  answer.catch(() => {}) // Whoever awaits it hears of it.
  const waiting = `select pid from pg_locks where not granted and relation = 'flotilla.runs'::regclass`
  const pid = await until(async () => (await locker.query<{ pid: number }>(waiting)).rows[0]?.pid, {
    what: 'the request waits for the lock',
  })
  return { locker, request, answer, pid }
}

it('acknowledges a run when it is on record, and not before', async () => {
  const { locker, request, answer } = await submitAtLock()
  expect(request.answered).toBe(false)
  await locker.query('commit')
  expect(await answer).toBeGreaterThan(0)
  expect(await recorded()).toBe(1)
})

it('acknowledges nothing that cannot be recorded', async () => {
  const before = await recorded()
  const { locker, answer, pid } = await submitAtLock()
  await locker.query('select pg_terminate_backend($1)', [pid])
  await expect(answer).rejects.toThrow(/terminat/i)
  await locker.query('commit')
  expect(await recorded()).toBe(before)
})

it('acknowledges one run for a key, however often it is sent', async () => {
  const before = await recorded()
  const body = v.parse(CreateRunSchema, { goal: 'Write something' })
  const send = () =>
    submitRun(
      { db: runs.app, clock: systemClock, random: randomBytes, wake: { plan: async () => {} } },
      { workspaceId: 1, body, bodyHash: 'x', idempotencyKey: 'k' },
    )
  const [first, ...others] = [await send(), ...(await Promise.all([send(), send(), send()]))]
  expect(first).toMatchObject({ ok: true })
  for (const other of others) expect(other).toEqual(first)
  expect(await recorded()).toBe(before + 1)
})
