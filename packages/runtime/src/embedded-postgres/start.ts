import { chmod, mkdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import type { Log } from '../logger.ts'
import { serverAccount, type Account } from './account.ts'
import { locateBinaries, type Binaries } from './binaries.ts'
import { openDataFolder } from './data-folder.ts'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'
import { acquireHolderLock, type HolderLock } from './holder-lock.ts'
import { prepareLayout } from './layout.ts'
import { dataFolderOf } from './data-folder.ts'
import { endLeftover } from './leftover.ts'
import { lastOfServer } from './log-tail.ts'
import { startServer, type RunningServer, type ServerExit } from './server.ts'

export const lockName = 'pg.lock'

export interface EmbeddedPostgresOptions {
  /** Keeps the data (`pg`), the log (`pg.log`), the lock and the password; made when it is not there. */
  readonly dataDir: string
  readonly log: Log
  readonly port?: number
  /** Server settings beside our own, such as `{ fsync: 'off' }` where the data may be lost. */
  readonly settings?: Readonly<Record<string, string>>
  /** The server ended without having been stopped. */
  readonly onExit?: (exit: ServerExit) => void
  readonly readyWithinMs?: number
  /** Other programs than those of this platform's package. */
  readonly binaries?: Binaries
  /** Folders for what the server's account cannot reach where it is; see `prepareLayout`. */
  readonly sharedDirs?: readonly string[]
}

export interface EmbeddedPostgres {
  /** Of the superuser `flotilla_owner`. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Where the data is: `<dataDir>/pg`, unless the server's account could not reach it there. */
  readonly dataDir: string
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL that this process owns; ready to answer when it resolves. Rejects with EmbeddedPostgresError,
 * `data_in_use` with the holder's pid in its data when another process has the same data directory.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const account = await serverAccount()
  const dataDir = await makeDataDir(options.dataDir, account)
  const lock = await takeLock(dataDir)
  try {
    return await startLocked({ ...options, dataDir }, account, lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function startLocked(
  options: EmbeddedPostgresOptions,
  account: Account | null,
  lock: HolderLock,
): Promise<EmbeddedPostgres> {
  const { dataDir, log, settings = {}, readyWithinMs = 120_000, onExit } = options
  const binaries = options.binaries ?? locateBinaries(process)
  const layout = await prepareLayout({ ...options, binaries, account })
  await endLeftover(dataFolderOf(layout.baseDir).folder, log)
  const data = await openDataFolder(layout, binaries.version, log)
  const logFile = path.join(dataDir, 'pg.log')
  const server = await startServer({ layout, data, logFile, port: options.port, settings, readyWithinMs })
  log.info({ serverPid: server.pid, port: server.port, folder: data.folder }, 'PostgreSQL is ready')
  let stopped: Promise<void> | undefined
  void server.exited.then((exit) => {
    if (stopped !== undefined) return
    log.error({ ...exit, logTail: lastOfServer(exit.logTail) }, 'PostgreSQL ended by itself')
    onExit?.(exit)
  })
  const stop = (): Promise<void> => (stopped ??= stopAndRelease(server, lock))
  return { url: server.url, port: server.port, pid: server.pid, dataDir: data.folder, stop }
}

async function stopAndRelease(server: RunningServer, lock: HolderLock): Promise<void> {
  await server.stop()
  await lock.release()
}

async function makeDataDir(wanted: string, account: Account | null): Promise<string> {
  const made = await mkdir(wanted, { recursive: true })
  // Under root the server's account has to pass through; the data folder itself is its owner's alone.
  if (made !== undefined) await chmod(wanted, account === null ? 0o700 : 0o755)
  return realpath(wanted)
}

async function takeLock(dataDir: string): Promise<HolderLock> {
  const acquired = await acquireHolderLock(dataDir, lockName)
  if ('lock' in acquired) return acquired.lock
  const { pid } = acquired.heldBy
  throw new EmbeddedPostgresError(
    'data_in_use',
    `The data directory ${dataDir} is in use by process ${pid}. Stop that process first, or choose another FLOTILLA_DATA_DIR.`,
    { data: { holderPid: pid, dataDir } },
  )
}
