import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface DataLock {
  release(): void
}

/** `heldBy` is the pid of the process that holds it, null when it has not told it yet. */
export type DataLockOutcome =
  | Readonly<{ held: true; lock: DataLock }>
  | Readonly<{ held: false; heldBy: number | null }>

/**
 * Makes a data directory this process's own. The lock is the operating system's, taken through SQLite's exclusive
 * transaction: it ends with the process, whatever ends it, and a pid that was given anew cannot keep it.
 */
export function lockDataDir(dataDir: string): DataLockOutcome {
  makeDataDir(dataDir)
  const pidFile = path.join(dataDir, 'up.pid')
  const database = new DatabaseSync(path.join(dataDir, 'up.lock'), { timeout: 0 })
  try {
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw error
    return { held: false, heldBy: readPid(pidFile) }
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return { held: true, lock: { release: () => database.close() } }
}

/** Under root the account that the database runs as has to pass through. */
function makeDataDir(dataDir: string): void {
  if (mkdirSync(dataDir, { recursive: true }) !== undefined)
    chmodSync(dataDir, process.getuid?.() === 0 ? 0o755 : 0o700)
}

const SQLITE_BUSY = 5
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY

function readPid(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : null
  } catch {
    return null
  }
}
