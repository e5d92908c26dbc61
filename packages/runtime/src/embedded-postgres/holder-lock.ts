import { link, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import { identifyProcess, isRunning, type ProcessIdentity } from '../process-identity.ts'

/**
 * Who holds a data directory: `<name>.<generation>`, the highest generation counting. A taker adds the next generation
 * with `link`, which is atomic and fails when another one was faster, and a generation is given up by marking it, never
 * by removing it: so a slow taker that saw a stale holder cannot displace the one that came after. (One fixed file that
 * is removed when stale has that race; and Node has no `flock`.)
 */
export interface HolderLock {
  release(): Promise<void>
}

export type Acquired = { readonly lock: HolderLock } | { readonly heldBy: ProcessIdentity }

const holderSchema = v.nullable(v.object({ pid: v.number(), startedAt: v.string() }))

interface Generation {
  readonly number: number
  readonly holder: ProcessIdentity | null
}

export async function acquireHolderLock(folder: string, name: string): Promise<Acquired> {
  const self = await identifyProcess(process.pid)
  if (self === null) throw new Error(`process ${process.pid} does not find itself among the running processes`)
  for (;;) {
    const latest = await latestGeneration(folder, name)
    if (latest.holder !== null && (await isRunning(latest.holder))) return { heldBy: latest.holder }
    const mine = latest.number + 1
    if (!(await addGeneration(folder, name, mine, self))) continue
    const numbers = await generationNumbers(folder, name)
    if (Math.max(...numbers) > mine) {
      await rm(generationPath(folder, name, mine), { force: true })
      continue
    }
    for (const older of numbers) {
      if (older < mine) await rm(generationPath(folder, name, older), { force: true })
    }
    return { lock: { release: () => replace(generationPath(folder, name, mine), null) } }
  }
}

/** The running process that holds the folder, or null. */
export async function readHolder(folder: string, name: string): Promise<ProcessIdentity | null> {
  const { holder } = await latestGeneration(folder, name)
  return holder !== null && (await isRunning(holder)) ? holder : null
}

async function latestGeneration(folder: string, name: string): Promise<Generation> {
  for (;;) {
    const number = Math.max(0, ...(await generationNumbers(folder, name)))
    if (number === 0) return { number, holder: null }
    try {
      return { number, holder: parseHolder(await readFile(generationPath(folder, name, number), 'utf8')) }
    } catch (error) {
      // Replaced by a higher generation since the folder was listed.
      if (!hasCode(error, 'ENOENT')) throw error
    }
  }
}

/** A file that is not ours to read, such as one cut short by a full disk, holds nothing. */
function parseHolder(json: string): ProcessIdentity | null {
  try {
    return v.parse(holderSchema, JSON.parse(json))
  } catch {
    return null
  }
}

async function addGeneration(folder: string, name: string, number: number, self: ProcessIdentity): Promise<boolean> {
  const draft = path.join(folder, `${name}-draft-${process.pid}-${crypto.randomUUID()}`)
  await writeFile(draft, JSON.stringify(self))
  try {
    await link(draft, generationPath(folder, name, number))
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function replace(file: string, holder: ProcessIdentity | null): Promise<void> {
  const draft = `${file}-draft`
  await writeFile(draft, JSON.stringify(holder))
  await rename(draft, file)
}

async function generationNumbers(folder: string, name: string): Promise<number[]> {
  const numbers: number[] = []
  for (const file of await readdir(folder)) {
    const number = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : ''
    if (/^\d+$/.test(number)) numbers.push(Number(number))
  }
  return numbers
}

function generationPath(folder: string, name: string, number: number): string {
  return path.join(folder, `${name}.${number}`)
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
