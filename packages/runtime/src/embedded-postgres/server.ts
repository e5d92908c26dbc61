import { spawn, type ChildProcess } from 'node:child_process'
import { close, open } from 'node:fs'
import { readFile, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePort } from '../ports.ts'
import type { DataFolder } from './data-folder.ts'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'
import type { Layout } from './layout.ts'
import { ownerUrl } from './password.ts'

export interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of the server's log. */
  readonly logTail: string
}

export interface RunningServer {
  readonly pid: number
  readonly port: number
  readonly url: string
  readonly exited: Promise<ServerExit>
  /** Smart shutdown, after 2 s fast, after 10 s immediate: clients that are closing get to finish. */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly layout: Layout
  readonly data: DataFolder
  readonly logFile: string
  /** A free one is asked of the operating system when left out. */
  readonly port?: number | undefined
  readonly settings: Readonly<Record<string, string>>
  /** Recovery after a crash can take long; the server says that it is starting all the while. */
  readonly readyWithinMs: number
}

const triesLimit = 5
const logLimitBytes = 5_000_000
const portTaken = /could not bind IPv4 address/
/** The backends of a server that was killed take a moment to notice. */
const backendsRemain = /pre-existing shared memory block/

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  await rotateLog(options.logFile)
  for (let tries = 1; ; tries += 1) {
    const port = options.port ?? (await freePort())
    const server = await launch(options, port)
    const failure = await readiness(server, options.readyWithinMs)
    if (failure === null) return server
    await server.stop()
    const passing = backendsRemain.test(failure) || (options.port === undefined && portTaken.test(failure))
    if (tries === triesLimit || !passing) {
      throw new EmbeddedPostgresError(
        'start_failed',
        `PostgreSQL on ${options.data.folder} did not start on port ${port}: ${failure}. See ${options.logFile}.`,
        { data: { port } },
      )
    }
    await wait(200)
  }
}

async function launch({ layout, data, logFile, settings }: ServerOptions, port: number): Promise<RunningServer> {
  // A file, not a pipe: a pipe that nobody empties, as when this process is stopped or busy, would block the server.
  const log = await promisify(open)(logFile, 'a', 0o600)
  const logStart = (await stat(logFile)).size
  const { account } = layout
  const child = spawn(path.join(layout.nativeDir, 'bin', 'postgres'), serverArgs(data.folder, port, settings), {
    env: layout.env,
    cwd: layout.baseDir,
    // A session of its own: a terminal's Ctrl-C must not stop the server before its clients.
    detached: true,
    stdio: ['ignore', log, log],
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
  })
  const exited = exitOf(child, logFile, logStart)
  await promisify(close)(log)
  const endAtExit = (): void => void child.kill('SIGINT')
  process.once('exit', endAtExit)
  void exited.then(() => process.off('exit', endAtExit))
  return {
    pid: child.pid ?? 0,
    port,
    url: ownerUrl(data.password, port),
    exited,
    stop: () => stopInSteps(child, exited),
  }
}

function serverArgs(folder: string, port: number, settings: Readonly<Record<string, string>>): string[] {
  const all: Readonly<Record<string, string>> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // An error of a statement is its client's to report; the log keeps what concerns the server.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    ...settings,
  }
  return ['-D', folder, '-p', String(port), ...Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`])]
}

function exitOf(child: ChildProcess, logFile: string, logStart: number): Promise<ServerExit> {
  return new Promise((resolve) => {
    const end = async (code: number | null, signal: NodeJS.Signals | null, cause = ''): Promise<void> => {
      const written = await readFile(logFile).catch(() => Buffer.alloc(0))
      resolve({ code, signal, logTail: `${cause}${written.subarray(logStart).toString('utf8').slice(-4_000).trim()}` })
    }
    child.once('exit', (code, signal) => void end(code, signal))
    child.once('error', (error) => void end(null, null, error.message))
  })
}

/** Null when the server answered a query; a line in its log proves nothing. */
async function readiness(server: RunningServer, withinMs: number): Promise<string | null> {
  const until = performance.now() + withinMs
  for (;;) {
    const outcome = await Promise.race([askOnce(server.url), server.exited])
    if (outcome === null) return null
    if (typeof outcome !== 'string') {
      return `it ended (exit ${outcome.code ?? outcome.signal}): ${outcome.logTail || 'nothing in its log'}`
    }
    if (performance.now() > until) return `it did not answer within ${withinMs} ms: ${outcome}`
    await wait(20)
  }
}

async function askOnce(url: string): Promise<string | null> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 })
  client.on('error', () => {}) // A connection that breaks later has nobody left to tell: the query has its answer.
  try {
    await client.connect()
    await client.query('select 1')
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await client.end().catch(() => {})
  }
}

async function stopInSteps(child: ChildProcess, exited: Promise<ServerExit>): Promise<void> {
  child.kill('SIGTERM')
  const steps = [
    setTimeout(() => child.kill('SIGINT'), 2_000),
    setTimeout(() => child.kill('SIGQUIT'), 10_000),
    setTimeout(() => child.kill('SIGKILL'), 20_000),
  ]
  await exited
  for (const step of steps) clearTimeout(step)
}

async function rotateLog(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  )
  if (size > logLimitBytes) await rename(logFile, `${logFile}.1`)
}
