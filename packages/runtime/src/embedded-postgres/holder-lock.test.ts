import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { identifyProcess } from '../process-identity.ts'
import { acquireHolderLock, readHolder, type Acquired } from './holder-lock.ts'

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holder-lock-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

async function write(folder: string, generation: number, holder: unknown): Promise<void> {
  await writeFile(path.join(folder, `lock.${generation}`), JSON.stringify(holder))
}

function lockOf(acquired: Acquired) {
  if (!('lock' in acquired)) throw new Error(`expected the lock, found it held by ${acquired.heldBy.pid}`)
  return acquired.lock
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid ?? 0
}

test('one of many takers at once gets it, the others learn who', async () => {
  const folder = await makeFolder()
  const takers = await Promise.all(Array.from({ length: 20 }, () => acquireHolderLock(folder, 'lock')))
  expect(takers.filter((taken) => 'lock' in taken)).toHaveLength(1)
  expect(takers.filter((taken) => 'heldBy' in taken && taken.heldBy.pid === process.pid)).toHaveLength(19)
  expect(await readHolder(folder, 'lock')).toMatchObject({ pid: process.pid })
})

test('can be taken again after a release', async () => {
  const folder = await makeFolder()
  await lockOf(await acquireHolderLock(folder, 'lock')).release()
  expect(await readHolder(folder, 'lock')).toBeNull()
  lockOf(await acquireHolderLock(folder, 'lock'))
  expect(await readdir(folder)).toEqual(['lock.2'])
})

test('one of many takers at once gets it from a dead holder', async () => {
  const folder = await makeFolder()
  await write(folder, 4, { pid: await deadPid(), startedAt: 'long ago' })
  const takers = await Promise.all(Array.from({ length: 20 }, () => acquireHolderLock(folder, 'lock')))
  expect(takers.filter((taken) => 'lock' in taken)).toHaveLength(1)
  expect(await readdir(folder)).toEqual(['lock.5'])
})

test('a recycled pid is not believed', async () => {
  const folder = await makeFolder()
  await write(folder, 1, { pid: process.ppid, startedAt: 'another boot' })
  expect(await acquireHolderLock(folder, 'lock')).toHaveProperty('lock')
})

test('a running holder is believed', async () => {
  const folder = await makeFolder()
  const holder = await identifyProcess(process.ppid)
  await write(folder, 1, holder)
  expect(await acquireHolderLock(folder, 'lock')).toEqual({ heldBy: holder })
})

test('a slow taker does not displace the one that came after', async () => {
  const folder = await makeFolder()
  const holder = await identifyProcess(process.ppid)
  await write(folder, 7, holder)
  await write(folder, 6, null)
  expect(await acquireHolderLock(folder, 'lock')).toEqual({ heldBy: holder })
})

test('a file cut short holds nothing', async () => {
  const folder = await makeFolder()
  await writeFile(path.join(folder, 'lock.1'), '{"pid":')
  expect(await acquireHolderLock(folder, 'lock')).toHaveProperty('lock')
})

test('a zombie runs no more', async () => {
  const child = spawn('/bin/sh', ['-c', '/bin/true & echo $!; exec /bin/sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [pid] = (await once(child.stdout, 'data')) as [Buffer]
  await expect.poll(() => identifyProcess(Number(pid.toString())), { timeout: 30_000 }).toBeNull()
})
