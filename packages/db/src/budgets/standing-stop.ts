import { leastLimit, stopStands, type BudgetStop } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { unopened } from '../tasks/brief.ts'
import { readBudgets } from './reads.ts'

type Told = Readonly<{
  idx: number | null
  stop: Partial<BudgetStop> | null
  secondsLimit: number | null
  secondsSpent: number
}>

/**
 * The limit that a run was paused for last, with the amounts as they are now, where the call that did not fit would be refused
 * again; null where it would fit, or where no amounts were told. The caller holds the run's lock.
 */
export async function readStandingStop(tx: Tx, runId: number): Promise<BudgetStop | null> {
  const { rows } = await sql<Told>`
    select e.idx, e.data -> 'budget' as stop, (s.budget ->> 'seconds')::float8 as "secondsLimit",
      extract(epoch from coalesce(r.paused_at, clock_timestamp()) - r.started_at)::float8 - r.paused_ms / 1000.0 as "secondsSpent"
    from flotilla.events e join flotilla.runs r on r.id = e.run_id join flotilla.run_specs s on s.run_id = r.id
    where e.run_id = ${runId} and e.type = 'budget.exceeded' order by e.seq desc limit 1`.execute(tx)
  const [told] = rows
  const { level, dimension, asked = 0 } = told?.stop ?? {}
  if (told === undefined || level === undefined || dimension === undefined) return null
  // A run's seconds are its deadline, which no account knows.
  if (level === 'run' && dimension === 'seconds') {
    if (told.secondsLimit === null) return null
    const stop = { level, dimension, limit: told.secondsLimit, reserved: 0, settled: told.secondsSpent, asked: 0 }
    return stop.limit < leastLimit(stop) ? stop : null
  }
  const accounts = await readBudgets(tx, { runId, idx: level === 'task' ? told.idx : null })
  const account = accounts.find((each) => each.level === level)
  // One that is not open has the limit that the call was measured by, and nothing spent: another limit would have opened it.
  const { limits, reserved, settled } = account ?? { ...unopened(level, {}), limits: { [dimension]: told.stop?.limit } }
  const limit = limits[dimension]
  if (limit === undefined) return null
  const stop = { level, dimension, limit, reserved: reserved[dimension], settled: settled[dimension], asked }
  return stopStands(stop) ? stop : null
}

/** What a run does where a call does not fit. */
export async function readPolicy(tx: Tx, runId: number): Promise<'degrade' | 'pause' | 'fail'> {
  const { budget } = await tx
    .selectFrom('run_specs')
    .select('budget')
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow()
  return budget.onExceeded
}
