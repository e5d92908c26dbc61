import { expect, onTestFinished, test, vi } from 'vitest'
import { createLogger } from './logger.ts'
import { nextBackoffMs, superviseProcess, type ProcessExit, type SuperviseOptions } from './process-group.ts'
import { identifyProcess } from './process-identity.ts'

const log = createLogger({ level: 'silent', name: 'test' })
const forever = `setInterval(() => {}, 1e6);`
const ready = `process.send('ready');`

function supervise(script: string, options: Partial<SuperviseOptions> = {}) {
  const exits: ProcessExit[] = []
  const messages: unknown[] = []
  const supervised = superviseProcess({
    name: 'child',
    command: process.execPath,
    args: ['-e', script],
    env: {},
    log,
    restart: 'always',
    backoffMs: { min: 10, max: 40 },
    onExit: (exit) => void exits.push(exit),
    onMessage: (message) => void messages.push(message),
    ...options,
  })
  onTestFinished(() => supervised.stop(0))
  return { supervised, exits, messages }
}

test('restarts a crashed child after a growing wait', async () => {
  const { supervised, exits } = supervise('process.exit(3)', { backoffMs: { min: 10, max: 60_000 } })
  await vi.waitFor(() => expect(exits.length).toBeGreaterThanOrEqual(3), 30_000)
  expect(exits.slice(0, 3)).toMatchObject([
    { code: 3, restartInMs: 10 },
    { code: 3, restartInMs: 20 },
    { code: 3, restartInMs: 40 },
  ])
  await supervised.stop(1_000)
  expect(supervised.pid).toBeUndefined()
})

test('restarts a killed child under a new pid', async () => {
  const { supervised, messages } = supervise(`${ready}${forever}`)
  await vi.waitFor(() => expect(messages).toHaveLength(1), 30_000)
  const first = supervised.pid ?? 0
  process.kill(first, 'SIGKILL')
  await vi.waitFor(() => expect(messages).toHaveLength(2), 30_000)
  expect(supervised.pid).not.toBe(first)
})

test('leaves a child that never restarts alone', async () => {
  const ended = Promise.withResolvers<ProcessExit>()
  supervise('process.exit(0)', { restart: 'never', onExit: ended.resolve })
  expect(await ended.promise).toMatchObject({ code: 0, signal: null, restartInMs: null })
})

test('reports a program that cannot be started', async () => {
  const ended = Promise.withResolvers<ProcessExit>()
  supervise('', { command: '/nowhere/program', restart: 'never', onExit: ended.resolve })
  const exit = await ended.promise
  expect(exit.pid).toBeUndefined()
  expect(exit.error?.message).toContain('ENOENT')
})

test('stop lets a child end by itself', async () => {
  const { supervised, exits, messages } = supervise(`${forever}process.on('SIGTERM', () => process.exit(7));${ready}`)
  await vi.waitFor(() => expect(messages).toHaveLength(1), 30_000)
  await supervised.stop(4_000)
  expect(exits).toEqual([expect.objectContaining({ code: 7, restartInMs: null })])
})

test('stop kills a child that ignores it, with what the child started', async () => {
  const { supervised, exits, messages } = supervise(`
    ${forever}
    process.on('SIGTERM', () => {});
    const own = require('node:child_process').spawn('/bin/sleep', ['1000']);
    process.send(own.pid);
  `)
  await vi.waitFor(() => expect(messages).toHaveLength(1), 30_000)
  await supervised.stop(20)
  expect(exits).toEqual([expect.objectContaining({ signal: 'SIGKILL', restartInMs: null })])
  await expect.poll(() => identifyProcess(Number(messages[0])), { timeout: 30_000 }).toBeNull()
})

test('stop during the wait for a restart prevents it', async () => {
  const { supervised, exits } = supervise('process.exit(1)', { backoffMs: { min: 60_000, max: 60_000 } })
  await vi.waitFor(() => expect(exits).toHaveLength(1), 30_000)
  await supervised.stop(1_000)
  expect(supervised.pid).toBeUndefined()
})

test('a child notices the death of its parent', async () => {
  const child = `${forever}process.on('disconnect', () => process.exit(0));`
  const parent = supervise(`
    ${forever}
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'];
    const own = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio, detached: true });
    own.once('spawn', () => process.send(own.pid));
  `)
  await vi.waitFor(() => expect(parent.messages).toHaveLength(1), 30_000)
  await parent.supervised.stop(0)
  await expect.poll(() => identifyProcess(Number(parent.messages[0])), { timeout: 30_000 }).toBeNull()
})

test('a child is told something; one that has ended is not', async () => {
  const { supervised, exits, messages } = supervise(`${ready}process.on('message', ({ n }) => process.send(n + 1));`)
  await vi.waitFor(() => expect(messages).toHaveLength(1), 30_000)
  supervised.send({ n: 1 })
  await vi.waitFor(() => expect(messages).toEqual(['ready', 2]), 30_000)
  await supervised.stop(8_000)
  supervised.send({ n: 2 })
  expect(exits).toHaveLength(1)
})

test('stdin of the parent is not the child’s', async () => {
  const { messages } = supervise(`process.stdin.on('end', () => process.send('end')).resume();${forever}`)
  await vi.waitFor(() => expect(messages).toEqual(['end']), 30_000)
})

test('waits twice as long each time up to a limit, and begins anew after a long life', () => {
  const limits = { min: 100, max: 1_000 }
  expect(nextBackoffMs(undefined, 5, limits)).toBe(100)
  expect(nextBackoffMs(100, 5, limits)).toBe(200)
  expect(nextBackoffMs(800, 5, limits)).toBe(1_000)
  expect(nextBackoffMs(800, 1_001, limits)).toBe(100)
})

test('does not hold on to the process that supervises', async () => {
  const { supervised } = supervise(forever)
  const before = process.listenerCount('exit')
  await supervised.stop(0)
  expect(process.listenerCount('exit')).toBe(before - 1)
})
