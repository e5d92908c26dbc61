import { Client, escapeIdentifier } from 'pg'
import { inject } from 'vitest'
import './provided-context.ts'

export interface DatabaseTemplate {
  /** Names the template among those of one test run; lower-case letters, digits and underscores. */
  readonly name: string
  /** Brings an empty database to the state that every test database starts from. Runs once per test run. */
  readonly migrate: (url: string) => Promise<void>
}

export interface TestDatabaseOptions {
  readonly template?: DatabaseTemplate
  /** The server; the one of the test run when left out. */
  readonly postgresUrl?: string
}

export interface TestDatabase {
  /** Of the superuser. */
  readonly url: string
  readonly name: string
  /** Answers the rows, by a connection of its own. */
  query(text: string): Promise<Record<string, unknown>[]>
  /** Cuts what is still connected. */
  drop(): Promise<void>
}

/** A database that no other test sees. */
export async function createTestDatabase({
  template,
  postgresUrl = inject('postgresUrl'),
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`
  await withClient(postgresUrl, async (admin) => {
    if (template === undefined) await admin.query(`create database ${escapeIdentifier(name)} template template0`)
    else await createFromTemplate(admin, postgresUrl, name, template)
  })
  const url = databaseUrl(postgresUrl, name)
  return {
    url,
    name,
    query: (text) => withClient(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows),
    drop: () => withClient(postgresUrl, (admin) => dropDatabase(admin, name)),
  }
}

async function createFromTemplate(admin: Client, postgresUrl: string, name: string, template: DatabaseTemplate) {
  const ready = `template_${template.name}`
  // Test files run in processes of their own: the first one migrates, the others wait for it here.
  await admin.query('select pg_advisory_lock(hashtext($1))', [ready])
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [ready])
  if (rowCount === 0) await makeTemplate(admin, postgresUrl, ready, template)
  await admin.query('select pg_advisory_unlock(hashtext($1))', [ready])
  await admin.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(ready)}`)
}

/** Renamed only once migrated: a template that failed half-way is never copied. */
async function makeTemplate(admin: Client, postgresUrl: string, ready: string, { migrate }: DatabaseTemplate) {
  const draft = `${ready}_draft`
  await dropDatabase(admin, draft)
  await admin.query(`create database ${escapeIdentifier(draft)} template template0`)
  await migrate(databaseUrl(postgresUrl, draft))
  await admin.query(`alter database ${escapeIdentifier(draft)} rename to ${escapeIdentifier(ready)}`)
}

async function dropDatabase(admin: Client, name: string): Promise<void> {
  await admin.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)
}

function databaseUrl(postgresUrl: string, name: string): string {
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return url.href
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
