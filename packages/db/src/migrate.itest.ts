import { createTestDatabase, type TestDatabase } from '@flotilla/testing'
import { Kysely, PostgresDialect } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPool } from './connect.ts'
import { MIGRATIONS, migrate, migrationState } from './migrate.ts'

const ALL = Object.keys(MIGRATIONS)

describe('migrations', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase()
  })
  afterEach(() => database.drop())

  it('bring an empty database up to date, and say what they did', async () => {
    expect(await migrationState(database.url)).toEqual({
      applied: [],
      pending: [...ALL, 'functions'],
      unknown: [],
      usable: false,
    })
    expect(await migrate(database.url)).toEqual([...ALL, 'functions'])
    expect(await migrationState(database.url)).toEqual({ applied: ALL, pending: [], unknown: [], usable: true })
  })

  it('do nothing the second time', async () => {
    await migrate(database.url)
    await database.query("insert into flotilla.workspaces (uid, name) values ('wsp_kept', 'kept')")
    expect(await migrate(database.url)).toEqual([])
    expect(await database.query('select uid from flotilla.workspaces order by id')).toEqual([
      { uid: 'wsp_default' },
      { uid: 'wsp_kept' },
    ])
  })

  it('are applied once by those who start at the same time', async () => {
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(database.url)))
    expect(applied.flat().toSorted()).toEqual([...ALL, 'functions'])
    expect(await database.query('select count(*)::int as n from flotilla.workspaces')).toEqual([{ n: 1 }])
  })

  it('give way to who holds a table, and are applied once it is free', async () => {
    const worker = new pg.Client({ connectionString: database.url })
    await worker.connect()
    const migrator = createPool({
      url: database.url,
      role: 'owner',
      max: 1,
      applicationName: 'earlier',
      onError: () => {},
    })
    const first = new Migrator({
      db: new Kysely({ dialect: new PostgresDialect({ pool: migrator }) }),
      provider: { getMigrations: () => Promise.resolve({ '0001_spine': MIGRATIONS['0001_spine'] as Migration }) },
      migrationTableSchema: 'flotilla',
      migrationTableName: 'migrations',
      migrationLockTableName: 'migrations_lock',
    })
    expect((await first.migrateToLatest()).error).toBeUndefined()
    await migrator.end()
    await worker.query('begin; lock table flotilla.tasks in access share mode')
    const busy: string[] = []
    const applied = await migrate(database.url, (error) => {
      busy.push(error.message)
      void worker.query('commit')
    })
    await worker.end()
    expect(busy[0]).toMatch(/lock timeout/)
    expect(applied).toEqual([...ALL.slice(1), 'functions'])
  })

  it('make the functions anew where their text is another', async () => {
    await migrate(database.url)
    await database.query("update flotilla.schema_state set functions = 'of old'; drop function flotilla.heartbeat")
    expect((await migrationState(database.url)).pending).toEqual(['functions'])
    expect(await migrate(database.url)).toEqual(['functions'])
    expect(await database.query("select to_regproc('flotilla.heartbeat') is not null as there")).toEqual([
      { there: true },
    ])
  })

  it('leave alone what newer code has migrated, and go on with it where it says so', async () => {
    await migrate(database.url)
    await database.query(`insert into flotilla.migrations (name, timestamp) values ('9999_future', '2099-01-01');
      update flotilla.schema_state set functions = 'of later'`)
    expect(await migrationState(database.url)).toMatchObject({ pending: [], unknown: ['9999_future'], usable: true })
    expect(await migrate(database.url)).toEqual([])
    expect(await database.query('select functions from flotilla.schema_state')).toEqual([{ functions: 'of later' }])
  })

  it('refuse what newer code has migrated beyond them, and name it', async () => {
    await migrate(database.url)
    await database.query(`insert into flotilla.migrations (name, timestamp) values ('9999_future', '2099-01-01');
      update flotilla.schema_state set oldest_code = 9999`)
    expect(await migrationState(database.url)).toMatchObject({ unknown: ['9999_future'], usable: false })
    await expect(migrate(database.url)).rejects.toThrow(/newer than this version of Flotilla.*9999_future/)
  })

  it('leave nothing behind when they fail half-way', async () => {
    await database.query('create schema flotilla; create table flotilla.verdicts (mine int)')
    await expect(migrate(database.url)).rejects.toThrow(/relation "verdicts" already exists/)
    expect(
      await database.query(
        "select tablename from pg_tables where schemaname = 'flotilla' and tablename not like 'migrations%'",
      ),
    ).toEqual([{ tablename: 'verdicts' }])
    await database.query('drop table flotilla.verdicts')
    expect(await migrate(database.url)).toEqual([...ALL, 'functions'])
  })

  it('need no superuser where the roles were made beforehand', async () => {
    const login = `login_${crypto.randomUUID().replaceAll('-', '')}`
    // The roles belong to the server: another database of it may have made them.
    const roles = await createTestDatabase()
    await migrate(roles.url)
    await database.query(`create role ${login} login password 'secret'; grant flotilla_app, flotilla_engine to ${login};
      grant create on database ${database.name} to ${login}`)
    const url = new URL(database.url)
    url.username = login
    url.password = 'secret'
    try {
      expect(await migrate(url.href)).toEqual([...ALL, 'functions'])
      for (const role of ['app', 'engine'] as const) {
        const pool = createPool({ url: url.href, role, max: 1, applicationName: 'test', onError: () => {} })
        expect((await pool.query('select current_user as me')).rows).toEqual([{ me: `flotilla_${role}` }])
        await pool.end()
      }
    } finally {
      await database.query(`drop owned by ${login} cascade; drop role ${login}`)
      await roles.drop()
    }
  })
})
