import { eventId, type RunEvent, type RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

type RunLog = Readonly<{ id: number; uid: string }>

/** A run's events after a number, in order; `limit` of them at most. */
export async function readEvents(tx: Tx, run: RunLog, after: number, limit: number): Promise<RunEvent[]> {
  return (await readEventsOfRuns(tx, [{ run, after, limit }]))[0] ?? []
}

export type EventsAsked = Readonly<{ run: RunLog; after: number; limit: number }>

type EventRow = Readonly<{
  n: number
  seq: number
  type: RunEvent['type']
  at: Date
  data: RunEvent['data'] | null
  key: string | null
}>

/** The same of several runs in one query, in their order. */
export async function readEventsOfRuns(tx: Tx, asked: readonly EventsAsked[]): Promise<RunEvent[][]> {
  const { rows } = await sql<EventRow>`
    select a.n::int as n, e.seq, e.type, e.at, e.data, s.key
    from unnest(${asked.map(({ run }) => run.id)}::bigint[], ${asked.map(({ after }) => after)}::int[],
        ${asked.map(({ limit }) => limit)}::int[]) with ordinality a(run_id, after, most, n)
      cross join lateral (
        select seq, idx, type, at, data from flotilla.events
        where run_id = a.run_id and seq > a.after order by seq limit a.most) e
      left join flotilla.task_specs s on s.run_id = a.run_id and s.idx = e.idx
    order by a.n, e.seq`.execute(tx)
  const byRun = Map.groupBy(rows, ({ n }) => n)
  return asked.map(({ run }, i) => (byRun.get(i + 1) ?? []).map((row) => eventOf(run, row)))
}

const eventOf = ({ uid }: RunLog, { seq, type, at, data, key }: EventRow): RunEvent => ({
  seq,
  id: eventId(uid, seq),
  type,
  at: at.toISOString(),
  runId: uid,
  ...(key === null ? {} : { taskKey: key }),
  data: data ?? {},
})

export type RunPosition = Readonly<{ id: number; status: RunStatus; seq: number }>

/** How far the logs of these runs are; runs that are gone are left out. */
export function readPositions(tx: Tx, runIds: readonly number[]): Promise<RunPosition[]> {
  if (runIds.length === 0) return Promise.resolve([])
  return tx.selectFrom('runs').select(['id', 'status', 'seq']).where('id', 'in', runIds).execute()
}
