import { createHash } from 'node:crypto'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type pg from 'pg'

/** A text that has come this often comes again. */
const OFTEN = 3
/** Texts of lists of any length would go on for ever. */
const MOST_NAMES = 256
const MOST_SEEN = 1_000
/** Postgres refuses a prepared statement whose result has got another column since. */
const ANY_COLUMNS = /(?:select|returning|\.)\s*\*/i

/**
 * A pool whose statements Postgres parses and plans once a connection, not once a call: those that come again and again go
 * under a name that is made of their text. Most of what a short statement costs is its planning.
 */
export function preparing(pool: pg.Pool): PostgresPool {
  const nameOf = createStatementNames()
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    connect: async () => {
      const client = await pool.connect()
      const known = clients.get(client) ?? named(client, nameOf)
      clients.set(client, known)
      return known
    },
    end: () => pool.end(),
    options: pool.options,
  }
}

function named(client: pg.PoolClient, nameOf: (text: string) => string | undefined): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[] = []): Promise<pg.QueryResult> => {
    const name = values.length > 0 ? nameOf(text) : undefined
    return client.query({ text, values: [...values], ...(name !== undefined && { name }) })
  }
  return { query: query as unknown as PostgresPoolClient['query'], release: (error) => client.release(error) }
}

/** The name that a statement of this text is prepared under; undefined while it is not worth one. */
export function createStatementNames(): (text: string) => string | undefined {
  const seen = new Map<string, number>()
  const names = new Map<string, string>()
  return (text) => {
    const name = names.get(text)
    if (name !== undefined || names.size >= MOST_NAMES) return name
    const times = (seen.get(text) ?? 0) + 1
    if (times < OFTEN) {
      if (seen.size >= MOST_SEEN) seen.clear()
      seen.set(text, times)
      return undefined
    }
    if (ANY_COLUMNS.test(text)) return undefined
    seen.delete(text)
    const made = `q_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`
    names.set(text, made)
    return made
  }
}
