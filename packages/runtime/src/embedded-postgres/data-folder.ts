import { chmod, chown, mkdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Log } from '../logger.ts'
import { runCommand } from './account.ts'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'
import type { Layout } from './layout.ts'
import { createPassword, ownerRole, readPassword } from './password.ts'

export interface DataFolder {
  readonly folder: string
  readonly password: string
}

/** The first major version whose order of text is the same on every machine. */
const OLDEST_WITH_BUILTIN_LOCALE = 17

export function dataFolderOf(baseDir: string): { folder: string; passwordFile: string } {
  return { folder: path.join(baseDir, 'pg'), passwordFile: path.join(baseDir, 'pg-password') }
}

/** Opens the data of an earlier start, or makes a new one. `version` is that of the programs, such as 18.4.0. */
export async function openDataFolder(layout: Layout, version: string, log: Log): Promise<DataFolder> {
  const { folder, passwordFile } = dataFolderOf(layout.baseDir)
  const major = Number.parseInt(version, 10)
  const password = await readPassword(passwordFile)
  const found = await readFile(path.join(folder, 'PG_VERSION'), 'utf8').catch(() => null)
  if (found === null) {
    const used = password ?? (await createPassword(passwordFile, layout.account))
    await initialise({ layout, major, folder, passwordFile, log })
    return { folder, password: used }
  }
  if (found.trim() !== String(major)) {
    throw new EmbeddedPostgresError(
      'data_incompatible',
      `${folder} was made by PostgreSQL ${found.trim()}, and this is PostgreSQL ${major}. Dump it with the older one and restore it here, or choose an empty FLOTILLA_DATA_DIR.`,
    )
  }
  if (password === null) {
    throw new EmbeddedPostgresError(
      'password_missing',
      `${passwordFile} with the password of ${folder} is missing. Restore it, or choose an empty FLOTILLA_DATA_DIR.`,
    )
  }
  return { folder, password }
}

type Initialising = Readonly<{ layout: Layout; major: number; folder: string; passwordFile: string; log: Log }>

/** Works beside the final place and renames at the end: a start that is killed half-way leaves nothing that looks whole. */
async function initialise({ layout, major, folder, passwordFile, log }: Initialising): Promise<void> {
  const { account, baseDir, env, nativeDir } = layout
  const draft = `${folder}-draft`
  log.info({ folder }, 'initialising PostgreSQL')
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft)
  await chmod(draft, 0o700)
  if (account !== null) await chown(draft, account.uid, account.gid)
  const { code, output } = await runCommand(
    path.join(nativeDir, 'bin', 'initdb'),
    [
      `--pgdata=${draft}`,
      `--username=${ownerRole}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      ...(major >= OLDEST_WITH_BUILTIN_LOCALE ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
      // Nothing of value is in there yet, and a few thousand fsyncs take seconds.
      '--no-sync',
      '--no-instructions',
    ],
    { account, env, cwd: baseDir },
  )
  if (code !== 0) {
    throw new EmbeddedPostgresError('initdb_failed', `initdb could not make ${draft} (exit ${code}): ${output}`)
  }
  await rename(draft, folder)
}
