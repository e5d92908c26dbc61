import type { JsonObject } from '@flotilla/domain'
import pg from 'pg'

/** What becomes of a lane: `state` null is a lane that nothing is remembered of. `now`: the record's clock, in milliseconds. */
export type LaneChange<T> = (state: JsonObject | null, now: number) => Readonly<{ state: JsonObject; outcome: T }>

type LaneRow = Readonly<{ state: JsonObject; now: number }>

/**
 * Changes a lane's state under its row's lock, so that changes happen one after the other in the whole fleet, each at a later
 * time than the one before. Two round trips; a lane that is not there yet takes one more.
 */
export async function changeLane<T>(pool: pg.Pool, id: string, change: LaneChange<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    const found = (await lockLane(client, id, 'begin')) ?? (await lockLane(client, id, makeLane(id)))
    if (found === undefined) throw new Error(`the lane ${id} is not in the record, and cannot be put there`)
    const isNew = Object.keys(found.state).length === 0
    const { state, outcome } = change(isNew ? null : found.state, found.now)
    await client.query(
      `update flotilla.model_lanes set state = ${text(JSON.stringify(state))}::jsonb where id = ${text(id)}; commit`,
    )
    return outcome
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error))
    throw error
  } finally {
    // A connection in an open transaction is not given back.
    client.release(broken)
  }
}

/** Until when a lane is closed, and the record's clock, in milliseconds; without a lock. Null where nothing is known of it. */
export async function readLaneClosing(
  pool: pg.Pool,
  id: string,
): Promise<Readonly<{ until: number; now: number }> | null> {
  const { rows } = await pool.query<{ until: number | null; now: number }>({
    name: 'read_lane_closing',
    text: `select (state ->> 'closedUntil')::float8 as until, (extract(epoch from clock_timestamp()) * 1000)::float8 as now
      from flotilla.model_lanes where id = $1`,
    values: [id],
  })
  const [row] = rows
  return row === undefined || row.until === null ? null : { until: row.until, now: row.now }
}

const makeLane = (id: string): string =>
  `insert into flotilla.model_lanes (id, state) values (${text(id)}, '{}') on conflict do nothing`

/** Several statements in one round trip take no parameters: what goes in is quoted. */
async function lockLane(client: pg.PoolClient, id: string, before: string): Promise<LaneRow | undefined> {
  const results = (await client.query(
    `${before}; select state from flotilla.model_lanes where id = ${text(id)} for update;
     select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
  )) as unknown as readonly pg.QueryResult<Partial<LaneRow>>[]
  const [locked, clock] = results.slice(-2).map((result) => result.rows[0])
  return locked?.state && clock?.now !== undefined ? { state: locked.state, now: Math.floor(clock.now) } : undefined
}

const text = (value: string): string => pg.escapeLiteral(value)
