import { rmSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkTools } from './custom-tools.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'flotilla-tools-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const toolOf = (name: string): string =>
  `{ name: '${name}', description: 'x', parameters: { type: 'object' }, retry: 'safe', timeoutMs: 1, run: () => {} }`

function check(name: string, source: string, childMs?: number) {
  const file = path.join(dir, name)
  writeFileSync(file, source)
  return checkTools({ tools: [file], environment: process.env }, childMs)
}

test('tools that load are named, whatever else their module prints', async () => {
  expect(await check('fine.ts', `console.log('hello')\nexport default [${toolOf('look')}]`)).toEqual([
    { name: 'Tools', status: 'ok', detail: 'loaded: look (safe)' },
  ])
})

test('a module that exits ends its own process, and is told of', async () => {
  expect(await check('exits.ts', 'process.exit(3)')).toMatchObject([
    { status: 'fail', detail: expect.stringMatching(/exits\.ts: a module ended the process that loaded it, with 3$/) },
  ])
})

test('a module that holds the thread is ended', async () => {
  expect(await check('spins.ts', 'for (;;);', 1_500)).toMatchObject([
    { status: 'fail', detail: expect.stringMatching(/spins\.ts: not loaded after 1\.5 s/) },
  ])
})

test('no modules, no check', async () => {
  expect(await checkTools({ tools: [], environment: {} })).toEqual([])
})
