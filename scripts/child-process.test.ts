import { expect, test } from 'vitest'
import { captureChild, runChild, timedOut } from './child-process.mjs'
import { runSteps } from './steps.mjs'

const node = process.execPath
const obeys = `process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1e6); process.send('ready')`

test.each([
  ['exit code', 'process.exit(3)', 3],
  ['death by a signal', `process.kill(process.pid, 'SIGKILL')`, 137],
])('answers the %s', async (_what, script, code) => {
  expect(await runChild(node, ['-e', script])).toBe(code)
})

test('passes a signal on, once for an echo, and stops listening afterwards', async () => {
  const before = process.listenerCount('SIGTERM')
  const code = await runChild(node, ['-e', obeys], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    onSpawn: (child) =>
      child.once('message', () => {
        process.emit('SIGTERM')
        process.emit('SIGTERM')
      }),
  })
  expect(code).toBe(7)
  expect(process.listenerCount('SIGTERM')).toBe(before)
})

test('keeps output', async () => {
  const script = `console.log('out'); console.error('err')`
  expect(await captureChild(node, ['-e', script])).toEqual({ code: 0, output: expect.stringMatching(/out\n|err\n/) })
})

test('ends with the child, though a process that it left behind holds its output', async () => {
  const left = `require('node:child_process').spawn('/bin/sleep', ['20'], { stdio: 'inherit' })`
  const script = `const { pid } = ${left}; console.log(pid); process.exit(4)`
  const startedAt = performance.now()
  const { code, output } = await captureChild(node, ['-e', script])
  process.kill(Number(output))
  expect(code).toBe(4)
  expect(performance.now() - startedAt).toBeLessThan(15_000)
})

test('ends a child at its limit', async () => {
  expect(await runChild(node, ['-e', 'setInterval(() => {}, 1e6)'], { limitMs: 50 })).toBe(timedOut)
})

test('a limit that is not reached leaves nothing behind', async () => {
  expect(await runChild(node, ['-e', ''], { limitMs: 60_000 })).toBe(0)
})

test('rejects what cannot be started', async () => {
  await expect(runChild('/nowhere/program', [])).rejects.toThrow('ENOENT')
})

test('steps all run, each with a line, those that fail with their output', async () => {
  let printed = ''
  const steps = [
    { name: 'lint', command: node, args: ['-e', `console.log('bad line'); process.exit(1)`] },
    { name: 'types', command: node, args: ['-e', `console.log('quiet')`] },
    { name: 'missing', command: '/nowhere/program', args: [] },
  ]
  const print = (text: string): void => void (printed += text)
  const failed = await runSteps(steps, { env: process.env, cwd: process.cwd(), print, atOnce: 1 })
  expect(failed).toEqual(['lint', 'missing'])
  expect(printed.replaceAll(/\d+\.\d/g, 'N.N')).toBe(
    '✗ lint       N.N s\n    bad line\n✓ types      N.N s\n✗ missing    N.N s\n    Error: spawn /nowhere/program ENOENT\n',
  )
})
