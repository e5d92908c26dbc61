import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { parseConfig, ROOT } from './config.ts'

const text = readFileSync(path.join(ROOT, '.env.example'), 'utf8')

/** A path that is put together, since no package may import another's files. */
async function keysOfPrograms(): Promise<string[]> {
  const apps = path.join(ROOT, 'apps')
  const files = readdirSync(apps).map((app) => path.join(apps, app, 'src/config.ts'))
  const configs = await Promise.all(files.filter((file) => existsSync(file)).map((file) => import(file)))
  return configs.flatMap((config) => (config as { ENV_KEYS: string[] }).ENV_KEYS)
}

test('.env.example names every variable of every program, and no other', async () => {
  const read = new Set(await keysOfPrograms())
  expect(read).toContain('FLOTILLA_CONCURRENCY')
  expect(Object.keys(parseEnv(text)).toSorted()).toEqual([...read].toSorted())
})

test('every variable has its line of explanation and stands once', () => {
  const lines = text.split('\n')
  const keys = lines.flatMap((line, i) => (/^[A-Z]/.test(line) ? [{ line, before: lines[i - 1] ?? '' }] : []))
  for (const { before } of keys) expect(before).toMatch(/^# .{10,}[.]$/)
  expect(new Set(keys.map(({ line }) => line.split('=')[0])).size).toBe(keys.length)
})

test('a copy of it changes nothing', () => {
  const copied = parseConfig({ ...parseEnv(text) }, '/work')
  expect(copied.problems).toEqual([])
  expect({ ...copied.config, environment: {}, concurrency: undefined }).toEqual({
    ...parseConfig({}, '/work').config,
    environment: {},
  })
  expect(copied.config.concurrency).toBe(50)
})
