import { createHash } from 'node:crypto'
import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Log } from '../logger.ts'
import { canReach, runCommand, type Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'
import { linkSharedLibraries, serverEnv } from './shared-libraries.ts'

/** Where the server's files are, each reachable by the account it runs as. */
export interface Layout {
  /** Holds `pg` (the data), `pg-lib` (library links) and `pg-password`. */
  readonly baseDir: string
  readonly nativeDir: string
  readonly env: Readonly<Record<string, string>>
  readonly account: Account | null
}

export interface LayoutOptions {
  readonly dataDir: string
  readonly binaries: Binaries
  readonly account: Account | null
  /** Folders, best first, for what the server's account cannot reach where it is, such as under root's 0700 home. */
  readonly sharedDirs?: readonly string[]
  readonly log: Log
}

const defaultSharedDirs = ['/var/lib/flotilla', path.join(os.tmpdir(), 'flotilla-shared')]

export async function prepareLayout(options: LayoutOptions): Promise<Layout> {
  const { account, binaries } = options
  const baseDir = account === null ? options.dataDir : await reachableBase(options, account)
  const linksDir = path.join(baseDir, 'pg-lib')
  let nativeDir = binaries.nativeDir
  for (const copied of [false, true]) {
    await linkSharedLibraries(nativeDir, linksDir)
    const env = serverEnv(nativeDir, linksDir, process.platform)
    const server = path.join(nativeDir, 'bin', 'postgres')
    const tried = await runCommand(server, ['--version'], { account, env, cwd: baseDir })
    if (tried.code === 0) return { baseDir, nativeDir, env, account }
    if (account === null || copied || tried.startError !== 'EACCES') throw notExecutable(server, tried.output)
    nativeDir = await copyBinaries(options, account)
  }
  throw new Error('unreachable: the second round returns or throws')
}

async function reachableBase({ dataDir, sharedDirs, log }: LayoutOptions, account: Account): Promise<string> {
  const pointer = path.join(dataDir, 'pg-location')
  const known = await readFile(pointer, 'utf8').catch(() => '')
  // Data that was once kept elsewhere stays there, whoever can reach what by now.
  if (known !== '' && (await isFolder(known))) return known
  if (await letThrough(dataDir, account)) return dataDir
  const name = `data-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`
  const baseDir = path.join(await sharedFolder(sharedDirs, account), name)
  await makeOpenFolder(baseDir)
  await writeFile(pointer, baseDir)
  log.info(
    { dataDir, baseDir, account: account.name },
    'the server account cannot reach the data directory; its data is kept elsewhere',
  )
  return baseDir
}

/** The data directory itself is ours to let the server pass through; a folder above it, such as a home, is not. */
async function letThrough(dataDir: string, account: Account): Promise<boolean> {
  if (await canReach(dataDir, account)) return true
  if (!(await canReach(path.dirname(dataDir), account))) return false
  await chmod(dataDir, ((await lstat(dataDir)).mode & 0o777) | 0o001)
  return canReach(dataDir, account)
}

async function copyBinaries({ binaries, sharedDirs, log }: LayoutOptions, account: Account): Promise<string> {
  const target = path.join(await sharedFolder(sharedDirs, account), `postgresql-${binaries.version}`)
  if (await isFolder(target)) return target
  log.info({ target, account: account.name }, 'the server account cannot reach the PostgreSQL programs; copying them')
  const partial = `${target}-partial-${crypto.randomUUID()}`
  await cp(binaries.nativeDir, partial, { recursive: true, verbatimSymlinks: true })
  await openForAll(partial)
  try {
    await rename(partial, target)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    // Another start was faster with the same copy.
    if (!(await isFolder(target))) throw error
  }
  return target
}

/** Only a folder that is ours is used: in a world-writable parent someone else could have put programs there. */
async function sharedFolder(sharedDirs: readonly string[] = defaultSharedDirs, account: Account): Promise<string> {
  for (const folder of sharedDirs) {
    try {
      await makeOpenFolder(folder)
      const { uid, mode } = await lstat(folder)
      if (uid === process.getuid?.() && (mode & 0o022) === 0 && (await canReach(folder, account))) return folder
    } catch {
      // Read-only or taken by something else: the next one may do.
    }
  }
  throw new EmbeddedPostgresError(
    'data_unreachable',
    `None of ${sharedDirs.join(', ')} can be made into a folder that the account ${account.name} reaches. Run as another user than root, choose a FLOTILLA_DATA_DIR that ${account.name} can reach, or set DATABASE_URL.`,
  )
}

async function makeOpenFolder(folder: string): Promise<void> {
  if ((await mkdir(folder, { recursive: true })) !== undefined) await chmod(folder, 0o755)
}

async function isFolder(candidate: string): Promise<boolean> {
  return lstat(candidate).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** A copy made under a strict umask is opened for reading, its programs for running. */
async function openForAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const child = path.join(folder, entry.name)
    if (entry.isDirectory()) await openForAll(child)
    else if (entry.isFile()) await chmod(child, folder.endsWith('bin') ? 0o755 : 0o644)
  }
}

function notExecutable(server: string, output: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'not_executable',
    `${server} does not run here: ${output || 'no output'}. Set DATABASE_URL to a PostgreSQL 18 server instead.`,
  )
}
