import { setTimeout as wait } from 'node:timers/promises'
import type { Connection } from '../services/postgres.ts'

/** Has Postgres count the statements that clients send, and not those inside functions. */
export const COUNTING: Readonly<Record<string, string>> = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'top',
}

export type Counted = Readonly<{ query: string; calls: number }>

/** What the database is asked within some seconds, but for the bench's own questions: most often asked first. */
export async function countStatements(db: Connection, seconds: number, signal: AbortSignal): Promise<Counted[]> {
  await db.query('create extension if not exists pg_stat_statements')
  await db.query('select pg_stat_statements_reset()')
  await wait(seconds * 1000, undefined, { signal })
  const { rows } = await db.query<Counted>(`
    select regexp_replace(query, '\\s+', ' ', 'g') as query, sum(calls)::float8 as calls from pg_stat_statements
    where query !~ 'pg_stat_statements' and dbid = (select oid from pg_database where datname = current_database())
    group by 1 order by 2 desc`)
  return rows
}
