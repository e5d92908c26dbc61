import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function capture(pretty: boolean): { lines: string[]; log: ReturnType<typeof createLogger> } {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return { lines, log: createLogger({ level: 'info', name: 'api', destination, pretty }) }
}

test('writes JSON lines with name, level and message, and nothing below its level', () => {
  const { lines, log } = capture(false)
  log.debug('hidden')
  log.info({ port: 3000 }, 'listening')
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({ name: 'api', level: 30, msg: 'listening', port: 3000, pid: process.pid }),
  ])
})

test.each([
  ['at the top', { apiKey: 'sk-1' }],
  ['one object deep', { options: { password: 'sk-1' } }],
  ['two objects deep', { request: { headers: { authorization: 'Bearer sk-1' } } }],
  [
    'three objects deep',
    { err: Object.assign(new Error('refused'), { request: { headers: { 'x-api-key': 'sk-1' } } }) },
  ],
  ['in a connection string', { pool: { connectionString: 'postgres://me:sk-1@host/db' } }],
])('hides a secret %s', (_where, fields) => {
  const json = capture(false)
  json.log.info(fields, 'request')
  expect(json.lines.join('')).not.toContain('sk-1')
  expect(json.lines.join('')).toContain('[redacted]')
  const pretty = capture(true)
  pretty.log.info(fields, 'request')
  expect(pretty.lines.join('')).not.toContain('sk-1')
})

test('writes lines for people', () => {
  const { lines, log } = capture(true)
  log.warn({ port: 3000, host: '127.0.0.1' }, 'port taken')
  expect(lines.join('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}api: port taken port=3000 host=127\.0\.0\.1\n$/)
})

test('puts the stack of an error under its line', () => {
  const { lines, log } = capture(true)
  log.error(new Error('disk full'))
  expect(lines.join('')).toMatch(/ERROR api: disk full\n {4}Error: disk full\n {4} {4}at /)
})
