import { createLogger } from '@flotilla/runtime'
import { startEmbeddedPostgres } from '@flotilla/runtime/embedded-postgres'
import { Client } from 'pg'
import { temporaryFolder, type Scope } from '../scope.ts'

export type Postgres = Readonly<{ url: string; pid: number }>

/** A server of its own with Postgres's durable defaults: fsync, synchronous_commit and full_page_writes are on. */
export async function startPostgres(scope: Scope, settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
  const dataDir = await temporaryFolder(scope)
  const log = createLogger({ level: 'warn', name: 'bench', pretty: true })
  const starting = startEmbeddedPostgres({ dataDir, log, settings })
  scope.add('postgres', async () => (await starting.catch(() => null))?.stop())
  return starting
}

/** A new database of the server; answers its URL. */
export async function createDatabase(server: Postgres, name: string): Promise<string> {
  await using admin = await connect(server.url)
  await admin.query(`create database ${name}`)
  const url = new URL(server.url)
  url.pathname = `/${name}`
  return url.href
}

/** Closes itself at the end of its block. */
export type Connection = Client & AsyncDisposable

export async function connect(url: string): Promise<Connection> {
  const client = new Client({ connectionString: url, application_name: 'bench' })
  client.on('error', () => {}) // The query under way says the same.
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}
