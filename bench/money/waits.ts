import type { Connection } from '../services/postgres.ts'

/** How often tasks were handed back to wait for a lane and for room in a budget, and how many had a second try. */
export type Waits = Readonly<{ lane: number; room: number; retried: number }>

const COUNT = `
  select
    count(*) filter (where a.error ->> 'code' = 'model_rate_limited')::int as lane,
    count(*) filter (where a.error ->> 'code' = 'budget_exceeded')::int as room,
    (select count(*)::int from flotilla.tasks where tries > 1) as retried
  from flotilla.attempts a where a.status = 'released' and a.error ->> 'message' like 'waits: %'`

export async function waitsOf(db: Connection): Promise<Waits> {
  const { rows } = await db.query<Waits>(COUNT)
  return rows[0] ?? { lane: 0, room: 0, retried: 0 }
}
