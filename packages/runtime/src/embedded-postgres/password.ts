import { randomBytes } from 'node:crypto'
import { chown, readFile, rename, writeFile } from 'node:fs/promises'
import type { Account } from './account.ts'

export const ownerRole = 'flotilla_owner'

/** Null when there is no password file. */
export async function readPassword(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** The file is readable by the server's account alone, since initdb reads it there. */
export async function createPassword(file: string, account: Account | null): Promise<string> {
  const password = randomBytes(24).toString('hex')
  const draft = `${file}-draft`
  await writeFile(draft, password, { mode: 0o600 })
  if (account !== null) await chown(draft, account.uid, account.gid)
  await rename(draft, file)
  return password
}

export function ownerUrl(password: string, port: number): string {
  return `postgres://${ownerRole}:${password}@127.0.0.1:${port}/postgres`
}
