import { createTestDatabase, type TestDatabase } from '@flotilla/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkDatabase, checkMigratedDatabase, databaseProblems } from './check-database.ts'
import type { DatabaseFacts } from './database-facts.ts'
import { migrate, MIGRATIONS, type MigrationState } from './migrate.ts'

const ALL = Object.keys(MIGRATIONS)

describe('a database', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase()
  })
  afterEach(() => database.drop())

  it('that is empty can be migrated, but not run on', async () => {
    expect(await checkDatabase(database.url)).toMatchObject({ applied: [] })
    await expect(checkMigratedDatabase(database.url)).rejects.toThrow(/lacks the migrations 0001_spine/)
    await migrate(database.url)
    await checkMigratedDatabase(database.url)
  })

  it('that is read-only is refused', async () => {
    await database.query(`alter database "${database.name}" set default_transaction_read_only = on`)
    await expect(checkDatabase(database.url)).rejects.toThrow(/is read-only \(default_transaction_read_only is on\)/)
  })

  it.each([
    ['tables of its own', 'create schema flotilla; create table flotilla.boats (id int)'],
    ['migrations of another form', 'create schema flotilla; create table flotilla.migrations (version int)'],
    [
      'migrations of other names',
      `create schema flotilla; create table flotilla.migrations (name text, timestamp text);
       insert into flotilla.migrations values ('1_boats', '')`,
    ],
  ])("with another program's schema, known by %s, is refused and left alone", async (_what, make) => {
    await database.query(make)
    const refusal = /has a schema "flotilla" of another program \(with (boats|migrations)\)/
    await expect(checkDatabase(database.url)).rejects.toThrow(refusal)
    await expect(checkMigratedDatabase(database.url)).rejects.toThrow(refusal)
  })

  it('that has lost tables is refused', async () => {
    await migrate(database.url)
    await database.query('drop table flotilla.events cascade')
    await expect(checkMigratedDatabase(database.url)).rejects.toThrow(/not its tables events; restore a backup/)
  })

  it('whose user lacks rights is refused with those that are missing', async () => {
    const login = `guest_${database.name}`.slice(0, 60)
    await database.query(
      `create role "${login}" login password 'guest'; revoke temporary on database "${database.name}" from public`,
    )
    const url = new URL(database.url)
    url.username = login
    url.password = 'guest'
    const refusal = await checkDatabase(url.href).catch((error: Error) => error.message)
    expect(refusal).toContain('lets this user create no schema')
    expect(refusal).toContain('create no temporary tables')
    expect(refusal).not.toContain('guest@')
    await database.query(`drop role "${login}"`)
  })
})

describe('what a database refuses', () => {
  const fine: DatabaseFacts = {
    standby: false,
    readOnly: false,
    tables: ['migrations', 'runs', 'tasks', 'attempts', 'events'],
    migrationColumns: ['name', 'timestamp'],
    mayCreateSchema: true,
    mayUseSchema: true,
    strangeRoles: [],
    missingRoles: [],
    mayCreateRoles: true,
    refusesWrites: null,
  }
  const state: MigrationState = { applied: ALL, pending: [], unknown: [], usable: true }
  const refused = (code: string): Partial<DatabaseFacts> => ({ refusesWrites: { code, message: 'why' } })

  it.each([
    ['nothing', {}, []],
    ['a standby', { standby: true }, [/^is a hot standby/]],
    ['a full disk', refused('53100'), [/^has no room left on its disk \(why\)/]],
    ['a failover', refused('25006'), [/^is read-only;/]],
    ['something else', refused('58030'), [/^refuses to write: why/]],
    ['no membership', { strangeRoles: ['flotilla_app'] }, [/run: grant flotilla_app to <user>/]],
    ['a restore without roles', { missingRoles: ['flotilla_engine'] }, [/^lacks the roles flotilla_engine;/]],
    ['no right to the schema', { mayUseSchema: false }, [/this user may not use it/]],
  ])('%s', (_what, facts, expected) => {
    const problems = databaseProblems({ ...fine, ...facts }, state)
    expect(problems).toHaveLength(expected.length)
    expected.forEach((each, i) => expect(problems[i]).toMatch(each))
  })
})
