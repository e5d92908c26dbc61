import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { withLock } from './set-up-lock.mjs'

function lockFile(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'set-up-lock-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return path.join(folder, 'tools', 'set-up.lock')
}

test('one works while the others wait, and says whom they wait for', async () => {
  const file = lockFile()
  const waitedFor: number[] = []
  let working = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, (working += 1))
    await new Promise((resolve) => setImmediate(resolve))
    working -= 1
  }
  await Promise.all([1, 2, 3].map(() => withLock(file, (pid) => waitedFor.push(pid), work)))
  expect(most).toBe(1)
  expect(new Set(waitedFor)).toEqual(new Set([process.pid]))
  expect(existsSync(file)).toBe(false)
})

test('takes over from a process that died, and gives the lock back when the work fails', async () => {
  const file = lockFile()
  await withLock(
    file,
    () => {},
    async () => {},
  )
  writeFileSync(file, String(spawnSync(process.execPath, ['-e', '']).pid))
  const failing = withLock(
    file,
    () => {},
    () => Promise.reject(new Error('no network')),
  )
  await expect(failing).rejects.toThrow('no network')
  expect(existsSync(file)).toBe(false)
})
