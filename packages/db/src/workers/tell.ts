import { FORGOTTEN_AFTER_SECONDS, type WorkerTold } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Db } from '../connect.ts'

/** `startedAt` tells it from others that have had its name. */
export type WorkerIdentity = Readonly<{ name: string; startedAt: Date }>

/**
 * Writes what a worker tells of itself, removes those that nobody has heard of for long, and answers every role that some agent
 * has: what it would ask for anyway, so that an idle fleet has no statement more. Two that come back at once remove each other's
 * rows without waiting, hence skip locked.
 */
export async function tellWorker(db: Db, { name, startedAt }: WorkerIdentity, told: WorkerTold): Promise<string[]> {
  const { rows } = await sql<{ role: string }>`
    with me as (
      insert into flotilla.workers (name, started_at, told) values (${name}, ${startedAt}, ${json(told)}::jsonb)
      on conflict (name) do update set started_at = excluded.started_at, heard_at = clock_timestamp(), told = excluded.told),
    forgotten as (
      delete from flotilla.workers where name in (
        select name from flotilla.workers
        where name <> ${name} and heard_at < clock_timestamp() - make_interval(secs => ${FORGOTTEN_AFTER_SECONDS})
        for update skip locked))
    select distinct role from flotilla.agents where deleted_at is null order by role`.execute(db)
  return rows.map(({ role }) => role)
}

/** A worker that ends by itself is gone at once; one that has its name by now stays. */
export async function dropWorker(db: Db, { name, startedAt }: WorkerIdentity): Promise<void> {
  await db.deleteFrom('workers').where('name', '=', name).where('started_at', '=', startedAt).execute()
}

export type WorkerRow = Readonly<{ name: string; startedAt: Date; silentSeconds: number; told: WorkerTold }>

/** Every worker process that was heard of lately, idle or not. */
export async function readWorkers(db: Db): Promise<readonly WorkerRow[]> {
  const { rows } = await sql<WorkerRow>`
    select name, started_at as "startedAt", greatest(0, extract(epoch from clock_timestamp() - heard_at))::float8 as "silentSeconds", told
    from flotilla.workers order by name`.execute(db)
  return rows
}
