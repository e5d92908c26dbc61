import { randomBytes } from 'node:crypto'
import { CreateRunSchema } from '@flotilla/domain'
import { systemClock } from '@flotilla/runtime'
import { until } from '@flotilla/testing'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createSubmissions, submitRun } from './submit-run.ts'
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

it('writes runs that come together in few commits, and each key once', async () => {
  const before = await recorded()
  const woken: number[] = []
  const deps = {
    db: runs.app,
    clock: systemClock,
    random: randomBytes,
    wake: { plan: async (id: number) => void woken.push(id) },
    submissions: createSubmissions(runs.app),
  }
  const body = v.parse(CreateRunSchema, { goal: 'Write something', plan: { tasks: [{ key: 'a', role: 'writer' }] } })
  const send = (idempotencyKey?: string, bodyHash = 'x') =>
    submitRun(deps, { workspaceId: 1, body, bodyHash, ...(idempotencyKey !== undefined && { idempotencyKey }) })
  const keyed = ['p', 'q', 'p', 'q', 'p'].map((key) => send(key))
  const [plain, same] = await Promise.all([Promise.all(Array.from({ length: 100 }, () => send())), Promise.all(keyed)])
  const other = await send('p', 'another body')
  const ids = plain.map((result) => (result.ok ? result.value.id : null))
  expect(new Set(ids).size).toBe(100)
  expect(same.map((result) => result.ok && result.value.id)).toEqual([0, 1, 0, 1, 0].map((n) => idOf(same[n])))
  expect(other).toMatchObject({ ok: false, code: 'idempotency_mismatch' })
  expect(await recorded()).toBe(before + 102)
  expect(new Set(woken).size).toBe(102)
  const { rows } = await runs.pool.query<{ n: number }>(
    `select count(*)::int as n from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id
       join flotilla.plans p on p.run_id = r.id join flotilla.events e on e.run_id = r.id and e.seq = r.seq
     where r.uid = any ($1) and e.type = 'run.created'`,
    [ids],
  )
  expect(rows[0]?.n).toBe(100)
})

const idOf = (result: Awaited<ReturnType<typeof submitRun>> | undefined): string | null =>
  result?.ok === true ? result.value.id : null
