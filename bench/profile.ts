import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Connection } from './services/postgres.ts'

/** Has Postgres count its statements, also those inside functions. Costs some percent, so only where a profile is asked for. */
export const STATEMENT_SETTINGS: Readonly<Record<string, string>> = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_planning': 'on',
  'pg_stat_statements.max': '5000',
}

export async function resetStatements(db: Connection): Promise<void> {
  await db.query('create extension if not exists pg_stat_statements')
  await db.query('select pg_stat_statements_reset()')
}

type Statement = Readonly<{
  toplevel: boolean
  calls: number
  planMs: number
  ms: number
  rows: number
  wal: number
  query: string
}>

/** Writes what the database has executed since the last reset to `<folder>/<name>.tsv`, times in µs and WAL per task. */
export async function writeStatements(db: Connection, folder: string, name: string, tasks: number): Promise<void> {
  const { rows } = await db.query<Statement>(`
    select toplevel, calls::float8, total_plan_time as "planMs", total_exec_time as ms, rows::float8, wal_bytes::float8 as wal,
      regexp_replace(query, '\\s+', ' ', 'g') as query
    from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
    order by total_plan_time + total_exec_time desc limit 100`)
  const lines = rows.map(({ toplevel, calls, planMs, ms, rows: count, wal, query }) =>
    [
      toplevel ? 'top' : 'inside',
      calls,
      ((planMs * 1000) / tasks).toFixed(2),
      ((ms * 1000) / tasks).toFixed(2),
      (ms / calls).toFixed(4),
      count,
      (wal / tasks).toFixed(0),
      query.slice(0, 400),
    ].join('\t'),
  )
  await mkdir(folder, { recursive: true })
  const head = ['level', 'calls', 'plan µs/task', 'execute µs/task', 'ms/call', 'rows', 'WAL B/task', 'statement'].join(
    '\t',
  )
  await writeFile(path.join(folder, `${name}.tsv`), [head, ...lines, ''].join('\n'))
}
