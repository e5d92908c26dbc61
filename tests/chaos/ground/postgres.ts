import { chmod } from 'node:fs/promises'
import { migrateQueues } from '@flotilla/queue'
import { createLogger } from '@flotilla/runtime'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@flotilla/runtime/embedded-postgres'
import pg from 'pg'
import { pause } from '../pause.ts'

/** A Postgres that can be struck. Its data outlives its processes, not the machine. */
export interface StruckPostgres {
  readonly port: number
  /** Of the campaign's database, past every proxy. */
  readonly url: string
  readonly pool: pg.Pool
  /** Immediate shutdown, as when the process is killed; back `forMs` later. */
  crash(forMs: number): Promise<void>
  /** Ends this share of the backends of the campaign's database. */
  terminate(share: number): Promise<void>
  close(): Promise<void>
}

const DATABASE = 'chaos'

/** `migrateRecord` is this version's, or an earlier one's. */
export async function startPostgres(
  dataDir: string,
  migrateRecord: (url: string) => Promise<unknown>,
): Promise<StruckPostgres> {
  const log = createLogger({ level: 'silent', name: 'chaos-postgres' })
  const settings = { fsync: 'off', full_page_writes: 'off' }
  await chmod(dataDir, 0o755)
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir, log, settings })
  const { port } = server
  await query(server.url, `create database ${DATABASE}`)
  const url = databaseUrl(server.url)
  await migrateRecord(url)
  await migrateQueues(url)
  const pool = openPool(url)
  return {
    port,
    url,
    pool,
    async crash(forMs) {
      process.kill(server.pid, 'SIGQUIT')
      await server.stop()
      await pause(forMs)
      server = await startEmbeddedPostgres({ dataDir, log, settings, port })
    },
    async terminate(share) {
      const others = 'datname = $1 and pid <> pg_backend_pid()'
      await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${others} and random() < $2`, [
        DATABASE,
        share,
      ])
    },
    async close() {
      await pool.end()
      await server.stop()
    },
  }
}

/** The campaign's own eyes on the record. */
function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 2_000 })
  // What is cut in the middle of a question rejects the question.
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  return pool
}

function databaseUrl(serverUrl: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${DATABASE}`
  return url.href
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
