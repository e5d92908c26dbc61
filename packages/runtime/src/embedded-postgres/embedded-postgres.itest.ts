import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createLogger } from '../logger.ts'
import { superviseProcess } from '../process-group.ts'
import { identifyProcess } from '../process-identity.ts'
import { findPostmaster } from './leftover.ts'
import type { ServerExit } from './server.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './start.ts'

const log = createLogger({ level: 'silent', name: 'test' })
const isRoot = process.getuid?.() === 0

async function makeFolder(mode = 0o755): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'embedded-postgres-'))
  await chmod(folder, mode)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function start(dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, log, ...options })
  onTestFinished(() => postgres.stop())
  return postgres
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return Object.values(rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

/** Another process that holds an embedded PostgreSQL. */
async function startHolder(
  dataDir: string,
): Promise<{ holderPid: number; pid: number; url: string; kill(): Promise<void> }> {
  const ready = Promise.withResolvers<{ pid: number; url: string }>()
  const holder = superviseProcess({
    name: 'holder',
    command: process.execPath,
    args: [fileURLToPath(new URL('hold-postgres.ts', import.meta.url)), dataDir],
    env: {},
    log,
    restart: 'never',
    backoffMs: { min: 1, max: 1 },
    onMessage: (message) => ready.resolve(message as { pid: number; url: string }),
    onExit: ({ code, signal }) => ready.reject(new Error(`the holder ended before it was ready: ${code ?? signal}`)),
  })
  onTestFinished(() => holder.stop(0))
  return { ...(await ready.promise), holderPid: holder.pid ?? 0, kill: () => holder.stop(0) }
}

test('starts a durable server of our own role, on the loopback address alone', async () => {
  const dataDir = await makeFolder()
  const { url, pid, port } = await start(dataDir)
  expect(await ask(url, 'select current_user')).toBe('flotilla_owner')
  expect(await ask(url, 'show listen_addresses')).toBe('127.0.0.1')
  expect(await ask(url, 'show unix_socket_directories')).toBe('')
  expect(await ask(url, 'show max_connections')).toBe('200')
  expect(
    await ask(url, "select string_agg(setting, ' ') from pg_settings where name in ('fsync', 'synchronous_commit')"),
  ).toBe('on on')
  expect(await findPostmaster(path.join(dataDir, 'pg'))).toMatchObject({ identity: { pid }, port })
  expect((await stat(path.join(dataDir, 'pg-password'))).mode & 0o777).toBe(0o600)
  await expect(ask(url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow('password authentication failed')
})

test('of two starts at once on a new folder one wins and the other is refused', async () => {
  const dataDir = await makeFolder()
  const results = await Promise.allSettled([start(dataDir), start(dataDir)])
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const refused = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []))
  expect(started).toHaveLength(1)
  expect(refused).toEqual([expect.objectContaining({ code: 'data_in_use', data: { holderPid: process.pid, dataDir } })])
  expect(await ask(started[0]?.url ?? '', 'select 1')).toBe(1)
})

test('a data directory that another process holds is refused with its pid', async () => {
  const dataDir = await makeFolder()
  const { holderPid, url } = await startHolder(dataDir)
  await expect(start(dataDir)).rejects.toThrow(`is in use by process ${holderPid}`)
  expect(await ask(url, 'select 1')).toBe(1)
})

test('takes over from a holder that was killed: ends its server, keeps its data, owns the new one', async () => {
  const dataDir = await makeFolder()
  const holder = await startHolder(dataDir)
  await ask(holder.url, 'create table kept as select 42 as answer')
  await holder.kill()
  expect(await ask(holder.url, 'select 1')).toBe(1)
  const postgres = await start(dataDir)
  expect(await identifyProcess(holder.pid)).toBeNull()
  expect(await ask(postgres.url, 'select answer from kept')).toBe(42)
  await postgres.stop()
  expect(await findPostmaster(path.join(dataDir, 'pg'))).toBeNull()
})

test('starts anew after an initialisation that was cut off', async () => {
  const dataDir = await makeFolder()
  const first = await start(dataDir)
  await first.stop()
  await rm(path.join(dataDir, 'pg', 'global'), { recursive: true })
  await rename(path.join(dataDir, 'pg'), path.join(dataDir, 'pg-draft'))
  expect(await ask((await start(dataDir)).url, 'select 1')).toBe(1)
})

test.runIf(isRoot)('as root, data under a closed folder is kept where the server account reaches it', async () => {
  const closed = await makeFolder(0o700)
  const shared = await makeFolder()
  const dataDir = path.join(closed, 'data')
  const first = await start(dataDir, { sharedDirs: [shared] })
  expect(path.dirname(path.dirname(first.dataDir))).toBe(shared)
  await ask(first.url, 'create table kept as select 42 as answer')
  await first.stop()
  const second = await start(dataDir, { sharedDirs: [shared] })
  expect(await ask(second.url, 'select answer from kept')).toBe(42)
})

describe('on data that is there already', () => {
  let dataDir: string

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'embedded-postgres-'))
    await chmod(dataDir, 0o755)
    await (await startEmbeddedPostgres({ dataDir, log })).stop()
    return () => rm(dataDir, { recursive: true, force: true })
  })

  test('keeps its data over a restart and takes settings', async () => {
    const first = await start(dataDir)
    await ask(first.url, 'create table kept as select 42 as answer')
    await first.stop()
    expect(await identifyProcess(first.pid)).toBeNull()
    const second = await start(dataDir, { settings: { work_mem: '8MB' } })
    expect(await ask(second.url, 'select answer from kept')).toBe(42)
    expect(await ask(second.url, 'show work_mem')).toBe('8MB')
  })

  test('is not kept from starting by a pid file whose pid belongs to another program', async () => {
    const pidFile = [process.ppid, path.join(dataDir, 'pg'), 1, 5432, '', '127.0.0.1', '0 0', 'ready'].join('\n')
    await writeFile(path.join(dataDir, 'pg', 'postmaster.pid'), pidFile)
    expect(await ask((await start(dataDir)).url, 'select 1')).toBe(1)
  })

  test('says when the server ends by itself, and recovers at the next start', async () => {
    const ended = Promise.withResolvers<ServerExit>()
    const first = await start(dataDir, { onExit: ended.resolve })
    await ask(first.url, 'create table survived as select 42 as answer')
    process.kill(first.pid, 'SIGKILL')
    expect(await ended.promise).toMatchObject({ signal: 'SIGKILL' })
    await first.stop()
    expect(await ask((await start(dataDir)).url, 'select answer from survived')).toBe(42)
  })

  test('stop does not wait for ever for clients that stay, and says nothing of an end by itself', async () => {
    let exits = 0
    const postgres = await start(dataDir, { onExit: () => (exits += 1) })
    const client = new Client({ connectionString: postgres.url })
    const cut = Promise.withResolvers<Error>()
    client.on('error', cut.resolve)
    await client.connect()
    await postgres.stop()
    expect(String(await cut.promise)).toMatch(/terminating connection|Connection terminated/)
    expect(exits).toBe(0)
  })

  test('a port that is taken is an error that names it', async () => {
    const taken = createServer()
    onTestFinished(() => void taken.close())
    taken.listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(start(dataDir, { port })).rejects.toThrow(
      new RegExp(`did not start on port ${port}: .*could not bind`, 's'),
    )
  })

  test('data of another major version is refused untouched', async () => {
    await writeFile(path.join(dataDir, 'pg', 'PG_VERSION'), '17\n')
    await expect(start(dataDir)).rejects.toThrow('was made by PostgreSQL 17, and this is PostgreSQL 18')
    expect(await readFile(path.join(dataDir, 'pg', 'PG_VERSION'), 'utf8')).toBe('17\n')
  })
})
