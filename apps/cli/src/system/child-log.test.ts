import { mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLogger } from '@flotilla/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { causeOf, openChildLog } from './child-log.ts'

let dataDir: string
let passed: { level: number; process: string; msg: string; apiKey?: string }[]
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'flotilla-log-'))
  passed = []
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const open = (limitBytes = 10_000, now = () => 0) =>
  openChildLog({
    now,
    dataDir,
    name: 'api',
    limitBytes,
    log: createLogger({
      level: 'warn',
      name: 't',
      destination: { write: (line) => void passed.push(JSON.parse(line) as (typeof passed)[number]) },
    }),
  })
const line = (level: number, msg: string, more: object = {}) => `${JSON.stringify({ level, msg, ...more })}\n`

test('passes warnings on and keeps the rest in the file', () => {
  const log = open()
  writeSync(log.fd, line(30, 'listening') + line(40, 'slow\u001B[2J') + line(50, 'broken', { apiKey: 'secret' }))
  log.read()
  expect(passed.map(({ level, process: name, msg }) => [level, name, msg])).toEqual([
    [40, 'api', 'slow'],
    [50, 'api', 'broken'],
  ])
  expect(passed[1]?.apiKey).toBe('[redacted]')
  expect(readFileSync(path.join(dataDir, 'logs/api.log'), 'utf8').split('\n')).toHaveLength(4)
  log.close()
})

test('knows whether the process was ready once', () => {
  const log = open()
  writeSync(log.fd, line(30, 'ready, almost'))
  log.read()
  expect(log.wasReady()).toBe(false)
  writeSync(log.fd, `${JSON.stringify({ event: 'ready', worker: 'worker-1' })}\n`)
  log.read()
  expect(log.wasReady()).toBe(true)
  log.close()
})

test('the last words are those of the process that ended, of its last seconds', () => {
  let now = 0
  const log = open(10_000, () => now)
  const say = (text: string): void => {
    writeSync(log.fd, text)
    log.read()
  }
  expect(log.takeLastWords()).toBeNull()
  say(line(40, 'slow'))
  expect(log.takeLastWords()).toEqual({ text: 'slow', told: true })
  expect(log.takeLastWords()).toBeNull()
  say(line(40, 'slow again'))
  now = 6_000
  expect(log.takeLastWords()).toBeNull()
  say(`${line(40, 'slow')}TypeError: x is not a function\n    at main (file:///a.ts:1:2)\n`)
  expect(log.takeLastWords()).toEqual({ text: 'TypeError: x is not a function', told: false })
  log.close()
})

test('a line may come in pieces, and what stood there before is old', () => {
  const first = open()
  writeSync(first.fd, line(50, 'of an earlier start'))
  first.close()
  passed = []
  const log = open()
  const text = line(50, 'naïve ☃')
  for (const byte of Buffer.from(text)) {
    writeSync(log.fd, Buffer.from([byte]))
    log.read()
  }
  expect(passed.map(({ msg }) => msg)).toEqual(['naïve ☃'])
  log.close()
})

test('a log that has grown too large is emptied into another', () => {
  const log = open(2_000)
  for (let i = 0; i < 100; i += 1) {
    writeSync(log.fd, line(50, `number ${i}`))
    log.read()
  }
  log.close()
  expect(passed.map(({ msg }) => msg)).toEqual(Array.from({ length: 100 }, (_, i) => `number ${i}`))
  expect(statSync(path.join(dataDir, 'logs/api.log')).size).toBeLessThan(2_100)
  expect(statSync(path.join(dataDir, 'logs/api.log.1')).size).toBeGreaterThan(2_000)
})

test('why a process ended', () => {
  const stack = ['    at main (file:///a.ts:1:2)', 'Node.js v24.21.0']
  expect(causeOf([])).toBeNull()
  expect(causeOf(['file:///a.ts:7', 'import {', "SyntaxError: no export named 'x'", ...stack])).toBe(
    "SyntaxError: no export named 'x'",
  )
  expect(causeOf(['flotilla api: FLOTILLA_PORT is "x"', 'REDIS_URL is not a URL'])).toBe(
    'FLOTILLA_PORT is "x"; REDIS_URL is not a URL',
  )
  expect(causeOf(['flotilla worker: Error: broken', ...stack])).toBe('Error: broken')
  expect(causeOf(['cannot start: no key is set'])).toBe('cannot start: no key is set')
})
