import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { checkDataDir, checkEnvironment, checkNode } from './surroundings.ts'

test.each([
  ['24.12.0', 'ok'],
  ['25.0.0', 'ok'],
  ['24.11.9', 'fail'],
  ['20.20.2', 'fail'],
])('Node %s: %s', (version, status) => {
  expect(checkNode(version).status).toBe(status)
})

test('names wrong variables and ones that nobody reads', async () => {
  const { config, problems } = parseConfig({ FLOTILLA_PORT: 'x', FLOTILLA_PROT: '1', FLOTILLA_TREE_MAX: '5' }, '/work')
  const checks = await checkEnvironment(config, problems)
  expect(checks.map(({ status, detail, mend }) => [status, detail, mend])).toEqual([
    [
      'fail',
      'FLOTILLA_PORT: expected a port (0 takes any free one), 0 to 65,535, found "x"',
      'correct it in the environment or in .env',
    ],
    [
      'warn',
      'FLOTILLA_PROT is set, and nothing reads it',
      'see .env.example for the names; perhaps FLOTILLA_PORT is meant',
    ],
  ])
})

test('a data directory that is not there yet', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'flotilla-doctor-'))
  const checks = await checkDataDir(path.join(dir, 'a/b'))
  expect(checks[0]).toMatchObject({ name: 'Data', status: 'ok' })
  rmSync(dir, { recursive: true })
})
