import type pg from 'pg'

/** `events` only grows: while it does, something goes on. */
export type RecordStanding = Readonly<{ runs: number; live: number; ended: number; open: number; events: number }>

/** Where a campaign stands; `record` is null while Postgres is away. */
export type Standing = Readonly<{
  seconds: number
  acknowledged: number
  record: RecordStanding | null
  calls: number
  faults: number
  ready: number
  workers: number
}>

export async function readStanding(pool: pg.Pool): Promise<RecordStanding> {
  const { rows } = await pool.query<RecordStanding>(
    `select count(*)::int as runs, count(*) filter (where live)::int as live, coalesce(sum(total - todo), 0)::int as ended,
       coalesce(sum(todo), 0)::int as open, coalesce(sum(seq), 0)::int as events from flotilla.runs`,
  )
  return rows[0] ?? { runs: 0, live: 0, ended: 0, open: 0, events: 0 }
}

/** Calls of runs that money is held for. */
export async function countHeldCalls(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ held: number }>(
    `select count(*)::int as held from flotilla.budget_calls where status = 'reserved' and run_id is not null`,
  )
  return rows[0]?.held ?? 0
}

export function progressLine({ seconds, acknowledged, record, calls, faults, ready, workers }: Standing): string {
  const told = record === null ? 'record away' : `${record.live} live, ${record.ended} tasks ended, ${record.open} open`
  return `${String(seconds).padStart(4)} s  ${acknowledged} runs acknowledged, ${told}, ${calls} model calls, ${faults} faults, ${ready}/${workers} workers`
}
