import { randomBytes } from 'node:crypto'
import { createDb, createPool } from '@flotilla/db'
import { CreateRunSchema } from '@flotilla/domain'
import { submitRun } from '@flotilla/engine'
import { systemClock } from '@flotilla/runtime'
import * as v from 'valibot'
import { ROLE } from '../flotilla/load.ts'
import { startFlotilla, watchedOf } from '../flotilla/system.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import type { Backend } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope, type Scope } from '../scope.ts'
import type { Connection } from '../services/postgres.ts'
import { startStores } from '../services/stores.ts'
import { until } from '../until.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const TASK_MS = 100
const PLACES = 20
const BACKLOG = 10_000
/** Workspaces by number, with their weights, which are no fewer than the shares have parts. */
const WEIGHTS = [1, 2, 4] as const
const WINDOW = 1_400
const EACH = 1_200

export const fairShare: Figure = {
  title: `Fair share: another workspace's three tasks behind ${BACKLOG.toLocaleString('en')} of ${TASK_MS} ms in ${PLACES} places, and shares by weights of 1, 2 and 4`,
  subject: ['queue'],
  columns: [
    { key: 'delay', title: 'ready until the third begins, ms' },
    { key: 'before', title: 'of the others begun meanwhile' },
    { key: 'deviation', title: 'share off its weight, at most %' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureFairShare,
}

async function* measureFairShare(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends) {
      bench.say(`fair share on ${backend}, repetition ${rep} of ${reps}`)
      yield await measureOn(bench, backend)
    }
}

async function measureOn({ shutdown, settings }: Bench, backend: Backend): Promise<Measurement> {
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const system = await startFlotilla(scope, {
    ...stores,
    model: 'noop:noop',
    work: 'no-op',
    taskMs: TASK_MS,
    settings: { ...settings, FLOTILLA_CONCURRENCY: String(PLACES) },
    profile: null,
  })
  const { db } = stores
  await db.query(
    `insert into flotilla.workspaces (id, uid, name, weight) values (2, 'wsp_2', 'two', 2), (3, 'wsp_3', 'three', 4)`,
  )
  const submit = openSubmit(scope, stores.databaseUrl)
  const before = await takeSample(watchedOf(stores, system))
  const behind = await measureNewcomer(scope, db, submit)
  const deviation = await measureShares(scope, db, submit)
  return {
    subject: [backend],
    values: { ...behind, deviation, ...disturbance(before, await takeSample(watchedOf(stores, system))) },
  }
}

type Submit = (workspaceId: number, tasks: number) => Promise<string>

/** Runs of any workspace, for which the API has no login yet; the sweep has them planned. */
function openSubmit(scope: Scope, url: string): Submit {
  const pool = createPool({ url, role: 'app', max: 2, applicationName: 'bench', onError: () => {} })
  scope.add('pool', () => pool.end())
  const deps = {
    db: createDb(pool),
    clock: systemClock,
    random: (n: number) => randomBytes(n),
    wake: { plan: () => Promise.resolve() },
  }
  return async (workspaceId, tasks) => {
    const plan = { tasks: Array.from({ length: tasks }, (_, i) => ({ key: `t${i}`, role: ROLE })) }
    const body = v.parse(CreateRunSchema, { goal: 'Measure who runs first', plan })
    const result = await submitRun(deps, { workspaceId, body, bodyHash: '' })
    if (!result.ok) throw new Error(`the run is refused: ${JSON.stringify(result)}`)
    return result.value.id
  }
}

const begun = (scope: Scope, db: Connection, n: number, since: Date): Promise<unknown> =>
  until(
    async () => {
      const { rows } = await db.query<{ n: number }>(
        `select count(*)::int as n from flotilla.events where type = 'task.started' and at > $1`,
        [since],
      )
      return (rows[0]?.n ?? 0) >= n
    },
    { what: `${n} tasks have begun`, signal: scope.signal, everyMs: 100, timeoutMs: 300_000 },
  )

async function databaseNow(db: Connection): Promise<Date> {
  const { rows } = await db.query<{ at: Date }>('select clock_timestamp() as at')
  return rows[0]?.at as Date
}

async function measureNewcomer(
  scope: Scope,
  db: Connection,
  submit: Submit,
): Promise<{ delay: number; before: number }> {
  const first = await submit(1, BACKLOG)
  await begun(scope, db, 5 * PLACES, new Date(0))
  const id = await submit(2, 3)
  const { rows } = await until(
    async () => {
      const found = await db.query<{ delay: number; before: number; began: number }>(
        `with own as (
           select min(at) filter (where type = 'task.ready') as ready, max(at) filter (where type = 'task.started') as third,
             count(*) filter (where type = 'task.started')::int as began
           from flotilla.events where run_id = (select id from flotilla.runs where uid = $1))
         select began, extract(epoch from third - ready)::float8 * 1000 as delay,
           (select count(*)::int from flotilla.events e where e.type = 'task.started' and e.at > own.ready and e.at < own.third
             and e.run_id = (select id from flotilla.runs where uid = $2)) as before
         from own`,
        [id, first],
      )
      return found.rows[0]?.began === 3 && found
    },
    { what: 'all three have begun', signal: scope.signal, everyMs: 100, timeoutMs: 300_000 },
  )
  await db.query(`update flotilla.runs set status = 'cancelled', live = false where uid = $1`, [first])
  return { delay: rows[0]?.delay ?? Number.NaN, before: rows[0]?.before ?? Number.NaN }
}

/** By how much, in percent of its due, the share of some workspace is off in a window of starts while all have work. */
async function measureShares(scope: Scope, db: Connection, submit: Submit): Promise<number> {
  for (const [n] of WEIGHTS.entries()) await submit(n + 1, EACH)
  await until(
    async () =>
      (
        await db.query(
          `select distinct p.workspace_id from flotilla.parked p join flotilla.runs r on r.id = p.run_id and r.live`,
        )
      ).rows.length === WEIGHTS.length,
    { what: 'all workspaces wait', signal: scope.signal, everyMs: 50, timeoutMs: 60_000 },
  )
  // What had a place before the others came is no share of anything.
  await begun(scope, db, 5 * PLACES, await databaseNow(db))
  const since = await databaseNow(db)
  await begun(scope, db, WINDOW, since)
  const { rows } = await db.query<{ workspace: string; n: number }>(
    `select workspace_id::text as workspace, count(*)::int as n from (
       select workspace_id from flotilla.events where type = 'task.started' and at > $1 order by at, run_id, seq limit ${WINDOW}) e
     group by 1`,
    [since],
  )
  const sum = WEIGHTS.reduce((a, b) => a + b, 0)
  return Math.max(
    ...WEIGHTS.map((weight, i) => {
      const had = rows.find((row) => row.workspace === String(i + 1))?.n ?? 0
      return 100 * Math.abs((had * sum) / (WINDOW * weight) - 1)
    }),
  )
}
