import { execFile } from 'node:child_process'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'

/** The operating system's account that the server runs as. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface CommandResult {
  readonly code: number
  readonly output: string
  /** Set when the program could not be started at all, such as EACCES. */
  readonly startError?: string
}

const candidates = ['postgres', '_postgres', 'nobody']

/** Null means as ourselves. PostgreSQL refuses to run as root, so root hands it to an account that is there already. */
export async function serverAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  for (const name of candidates) {
    const uid = await runCommand('id', ['-u', name])
    const gid = await runCommand('id', ['-g', name])
    if (uid.code === 0 && gid.code === 0) return { name, uid: Number(uid.output), gid: Number(gid.output) }
  }
  throw new EmbeddedPostgresError(
    'no_unprivileged_account',
    `PostgreSQL does not run as root, and none of the accounts ${candidates.join(', ')} exists. Run as another user, or set DATABASE_URL.`,
  )
}

export interface CommandOptions {
  readonly account?: Account | null
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Runs a program to its end; a failure is an outcome, its output both streams together. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { account, env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' }, cwd = '/' } = options
  return new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { env, cwd, ...(account ? { uid: account.uid, gid: account.gid } : {}) },
      (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`.trim()
        if (error === null) resolve({ code: 0, output })
        else if (typeof error.code === 'number') resolve({ code: error.code, output })
        else resolve({ code: -1, output: output || error.message, startError: String(error.code ?? error.signal) })
      },
    )
  })
}

export async function canReach(folder: string, account: Account): Promise<boolean> {
  const { code } = await runCommand('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], { account })
  return code === 0
}
