import type { Retention } from '@flotilla/domain'
import { sql } from 'kysely'
import type pg from 'pg'
import type { Db } from '../connect.ts'

export type CleanedPiece = Readonly<{
  /** Runs that are old now: those to be removed are out of requests' sight from here on. */
  marked: number
  /** Runs that are gone. */
  removed: number
  /** Runs that are thinned out to the end. */
  trimmed: number
  /** Rows that went, or lost their bulk. */
  rows: number
  /** Idempotency keys. */
  keys: number
  /** There is work left, for the next call. */
  more: boolean
}>

/** Rows that one piece may touch. */
const PIECE = 1_000
const interval = (days: number | null): string | null => (days === null ? null : `${days} days`)

/**
 * One bounded piece of cleaning, in one statement and one commit: about a quarter of a second at most. Any number of processes
 * may call it at once, and it may be cut off anywhere.
 */
export async function cleanPiece(pool: pg.Pool, ages: Retention): Promise<CleanedPiece> {
  const { rows } = await pool.query<{ r: CleanedPiece }>({
    name: 'clean',
    text: 'select flotilla.clean($1, $2, $3, $4) as r',
    values: [interval(ages.runsDays), interval(ages.eventsDays), interval(ages.keysDays), PIECE],
  })
  return (rows[0] as { r: CleanedPiece }).r
}

/** Runs to remove, runs to thin out that are not to be removed, and keys to forget; each with those that were begun. */
export type CleaningDue = Readonly<{ remove: number; trim: number; keys: number }>

export async function readCleaningDue(db: Db, ages: Retention): Promise<CleaningDue> {
  const { rows } = await sql<CleaningDue>`
    with old as (select clock_timestamp() - ${interval(ages.runsDays)}::interval as runs,
      clock_timestamp() - ${interval(ages.eventsDays)}::interval as events, clock_timestamp() - ${interval(ages.keysDays)}::interval as keys)
    select
      (select count(*) from flotilla.runs r where r.retention = 'removing')
        + (select count(*) from flotilla.runs r where not r.live and r.retention is distinct from 'removing' and r.finished_at < old.runs) as remove,
      (select count(*) from flotilla.runs r where r.retention = 'trimming' and (r.finished_at < old.runs) is not true)
        + (select count(*) from flotilla.runs r where not r.live and r.retention is null and r.finished_at < old.events
          and (r.finished_at < old.runs) is not true) as trim,
      (select count(*) from flotilla.idempotency_keys k where k.created_at < old.keys) as keys
    from old`.execute(db)
  return rows[0] as CleaningDue
}
