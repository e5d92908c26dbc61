import type pg from 'pg'
import type { LedgerCall } from './check-effect-ids.ts'
import type { Repeats } from './check-effects.ts'
import { EFFECT_TOOLS } from './effect-journal.ts'

/** What people have decided is to be made once more, by effect id. */
export async function readRepeats(pool: pg.Pool): Promise<Repeats> {
  const { rows } = await pool.query<{ effect: string; n: number }>(
    `select subject ->> 'effectId' as effect, count(*)::int as n from flotilla.approvals where decision = 'repeat' group by 1`,
  )
  return new Map(rows.map(({ effect, n }) => [effect, n]))
}

/** Every call of a tool with effects outside that the record knows of. */
export async function readLedger(pool: pg.Pool): Promise<readonly LedgerCall[]> {
  const { rows } = await pool.query<LedgerCall>(
    `select r.uid as run, c.idx, c.tool, c.effect_id as "effectId", c.arguments ->> 'what' as what, (
       select max(a.number) from flotilla.attempts a
       where a.run_id = c.run_id and a.idx = c.idx and a.number <= c.attempt and a.kind in ('first', 'retry', 'revision')) as begun
     from flotilla.tool_calls c join flotilla.runs r on r.id = c.run_id where c.tool = any ($1)`,
    [EFFECT_TOOLS],
  )
  return rows
}
