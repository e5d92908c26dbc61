import pg from 'pg'

/** What decides whether a server has connections for a fleet. */
export type ConnectionFacts = Readonly<{
  max: number
  /** Kept for superusers and privileged roles. */
  reserved: number
  /** Workers that are connected now, this one left out. */
  workers: number
  /** Connections of all others, open now. */
  others: number
}>

const WORKER = 'flotilla-worker '

const FACTS = `
  select current_setting('max_connections')::int as max,
    (current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int) as reserved,
    (count(distinct application_name) filter (where application_name like $1 || '%' and application_name is distinct from $2))::int as workers,
    (count(*) filter (where application_name is null or application_name not like $1 || '%'))::int as others
  from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`

/**
 * Over a connection of its own, as the login: the roles that processes enter do not see whose connections there are.
 * `worker`: the name of the one that asks. What logins of other users hold counts among the others.
 */
export async function readConnectionFacts(databaseUrl: string, worker: string | null): Promise<ConnectionFacts> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {}) // The rejection says the same.
  await client.connect()
  try {
    const own = worker === null ? null : `${WORKER}${worker}`
    const { rows } = await client.query<ConnectionFacts>(FACTS, [WORKER, own])
    const [facts] = rows
    if (facts === undefined) throw new Error('the server answers no row to a question that has one')
    return facts
  } finally {
    await client.end()
  }
}

/** Why the server cannot carry the fleet and one worker more, with the sum; null where it can. */
export function connectionProblem({ max, reserved, workers, others }: ConnectionFacts, aWorker: number): string | null {
  const [needed, there] = [(workers + 1) * aWorker + others, max - reserved]
  if (needed <= there) return null
  const fleet = workers === 0 ? 'one worker' : `${workers + 1} workers`
  return `PostgreSQL may run out of connections: ${fleet} may open ${aWorker} each, ${(workers + 1) * aWorker} in all, and others hold ${others}, which makes ${needed}; it takes ${there} (max_connections ${max} less ${reserved} reserved). Set max_connections to ${needed + reserved} or more, or run fewer workers with more places each (FLOTILLA_CONCURRENCY)`
}
