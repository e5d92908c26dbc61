import { readFile, readlink, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../logger.ts'
import { identifyProcess, isRunning, type ProcessIdentity } from '../process-identity.ts'
import { runCommand } from './account.ts'

export interface Postmaster {
  readonly identity: ProcessIdentity
  readonly port: number
}

/** The running server of a data folder by its `postmaster.pid`, or null; a pid that has gone to another program is none. */
export async function findPostmaster(folder: string): Promise<Postmaster | null> {
  const lines = await readFile(path.join(folder, 'postmaster.pid'), 'utf8').then(
    (content) => content.split('\n'),
    () => [],
  )
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return null
  const identity = await identifyProcess(pid)
  if (identity === null || !(await servesFolder(pid, folder))) return null
  return { identity, port: Number(lines[3]) }
}

/**
 * Ends a server whose owner died without stopping it, and removes a stale `postmaster.pid`, whose recycled pid would
 * keep a new server from starting. Ending it, rather than going on with it, leaves one kind of server to look after:
 * a child, with this version's programs and settings.
 */
export async function endLeftover(folder: string, log: Log): Promise<void> {
  const leftover = await findPostmaster(folder)
  if (leftover === null) {
    await rm(path.join(folder, 'postmaster.pid'), { force: true })
    return
  }
  const { pid } = leftover.identity
  log.warn({ serverPid: pid, folder }, 'a PostgreSQL was left running by a process that died; stopping it')
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    process.kill(pid, signal)
    if (await endsWithin(leftover.identity, patienceMs)) return
  }
  throw new Error(`PostgreSQL ${pid} on ${folder} does not end, not even by SIGKILL; end it by hand`)
}

async function endsWithin(identity: ProcessIdentity, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs
  while (performance.now() < until) {
    if (!(await isRunning(identity))) return true
    await wait(20)
  }
  return false
}

/** A postmaster works in its data folder and keeps its command line; both hold across a rename of a parent folder. */
async function servesFolder(pid: number, folder: string): Promise<boolean> {
  if (process.platform !== 'linux') {
    const { output } = await runCommand('ps', ['-o', 'command=', '-p', String(pid)])
    return output.includes('postgres') && output.includes(folder)
  }
  const [command, workingDir, wanted] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
    realpath(folder),
  ])
  const [program = '', ...args] = command.split('\0')
  return path.basename(program) === 'postgres' && (workingDir === wanted || args.includes(folder))
}
