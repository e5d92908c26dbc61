import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { serverUrl } from './connection.ts'
import { readServerFile, removeServerFile, writeServerFile } from './server-file.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'flotilla-server-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const url = 'http://127.0.0.1:4567'

test('tells of a server as long as its process lives', async () => {
  expect(readServerFile(dir)).toBeNull()
  await writeServerFile(dir, { url, pid: process.pid })
  expect(readServerFile(dir)).toEqual({ url, pid: process.pid })
  await writeServerFile(dir, { url, pid: spawnSync('true').pid })
  expect(readServerFile(dir)).toBeNull()
  await removeServerFile(dir)
  expect(readServerFile(dir)).toBeNull()
})

test.each(['', '{', '{"url":1,"pid":2}', '{"url":"x","pid":-1}'])('a file that says %j says nothing', (content) => {
  writeFileSync(path.join(dir, 'server.json'), content)
  expect(readServerFile(dir)).toBeNull()
})

test('the option wins over the environment, and that over the server that runs here', async () => {
  const at = (environment: Record<string, string>, option?: string) =>
    serverUrl(
      parseConfig({ FLOTILLA_DATA_DIR: dir, ...environment }, dir).config,
      option === undefined ? {} : { url: option },
    )
  expect(at({})).toBe('http://127.0.0.1:3000')
  expect(at({ FLOTILLA_PORT: '80', FLOTILLA_HOST: '::1' })).toBe('http://[::1]:80')
  await writeServerFile(dir, { url, pid: process.pid })
  expect(at({})).toBe(url)
  expect(at({ FLOTILLA_URL: 'http://env' })).toBe('http://env')
  expect(at({ FLOTILLA_URL: 'http://env' }, 'http://option')).toBe('http://option')
})
