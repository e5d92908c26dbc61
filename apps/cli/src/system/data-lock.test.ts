import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { lockDataDir } from './data-lock.ts'

let dir: string
beforeEach(() => {
  dir = path.join(mkdtempSync(path.join(tmpdir(), 'flotilla-lock-')), 'made', 'on', 'demand')
})
afterEach(() => rmSync(path.join(dir, '../../..'), { recursive: true, force: true }))

test('one holder at a time', () => {
  const first = lockDataDir(dir)
  if (!first.held) throw new Error('not held')
  expect(lockDataDir(dir)).toEqual({ held: false, heldBy: process.pid })
  first.lock.release()
  const second = lockDataDir(dir)
  expect(second.held).toBe(true)
  if (second.held) second.lock.release()
})

test('the lock of a process that was killed is free', async () => {
  const module = fileURLToPath(new URL('data-lock.ts', import.meta.url))
  const script = `const { lockDataDir } = await import(${JSON.stringify(module)}); globalThis.kept = lockDataDir(${JSON.stringify(dir)}); process.send('held'); setInterval(() => {}, 1e6)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  onTestFinished(() => void holder.kill('SIGKILL'))
  await once(holder, 'message')
  expect(lockDataDir(dir)).toEqual({ held: false, heldBy: holder.pid })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const mine = lockDataDir(dir)
  expect(mine.held).toBe(true)
  if (mine.held) mine.lock.release()
})
