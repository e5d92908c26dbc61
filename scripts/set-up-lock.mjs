import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Runs `work` while no other process of this checkout runs its own; waits for one that does.
 * @template T
 * @param {string} file
 * @param {(holderPid: number) => void} onWait
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, onWait, work) {
  let told = false
  while (!tryLock(file)) {
    const holder = readHolder(file)
    if (holder === null) continue
    if (!isAlive(holder)) {
      removeStale(file, holder)
      continue
    }
    if (!told) onWait(holder)
    told = true
    await wait(200)
  }
  const unlock = () => rmSync(file, { force: true })
  process.once('exit', unlock)
  try {
    return await work()
  } finally {
    process.off('exit', unlock)
    unlock()
  }
}

/** The content is there from the first moment on, since the file is linked in whole. @param {string} file */
function tryLock(file) {
  mkdirSync(path.dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, String(process.pid))
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** @param {string} file */
function readHolder(file) {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

/** Taken away by renaming, so that of two only one does, and put back if it has meanwhile become another's. @param {string} file @param {number} holder */
function removeStale(file, holder) {
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
    if (readHolder(aside) !== holder) linkSync(aside, file)
  } catch {
    // Another process was faster; the next look tells.
  }
  rmSync(aside, { force: true })
}

/** @param {number} pid */
function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
