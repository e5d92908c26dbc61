import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../scripts/checkout.mjs'

interface ComposeService {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number | null>>
  readonly depends_on?: Readonly<Record<string, unknown>>
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const composeText = read('infra/compose.yaml')
const { services } = parse(composeText, { merge: true }) as { services: Record<string, ComposeService> }
const own = Object.entries(services).filter(([, { image }]) => image === 'flotilla')

/** Names in `.env.example`; a default may be commented out. */
function documentedVariables(): Set<string> {
  return new Set([...read('.env.example').matchAll(/^#?\s*([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name))
}

test('has the database, the queue and one image for every role', () => {
  expect(Object.keys(services)).toEqual(['postgres', 'redis', 'migrate', 'api', 'worker'])
  expect(services['postgres']?.image).toBe('postgres:18')
  expect(services['redis']?.image).toBe('redis:7')
  expect(services['redis']?.command?.join(' ')).toContain('--maxmemory-policy noeviction')
})

test('every variable of ours is in .env.example', () => {
  const used = own.flatMap(([, { environment = {} }]) => Object.keys(environment))
  const interpolated = [...composeText.matchAll(/\$\{([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name)
  const documented = documentedVariables()
  expect([...new Set([...used, ...interpolated])].filter((name) => !documented.has(name))).toEqual([])
})

describe.each(own)('%s', (_name, { command = [], depends_on = {} }) => {
  test('runs a file that is there, with node as its first process', () => {
    expect(command[0]).toBe('node')
    expect(existsSync(path.join(root, command[1] ?? ''))).toBe(true)
  })

  test('waits for services that are there', () => {
    expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(depends_on)))
  })
})

test('the image is made with the tools of the checkout', () => {
  const { packageManager } = JSON.parse(read('package.json')) as { packageManager: string }
  const { catalog } = parse(read('pnpm-workspace.yaml')) as { catalog: Record<string, string> }
  expect(read('infra/docker/Dockerfile')).toContain(
    `npm install --global ${packageManager} turbo@${catalog['turbo']}\n`,
  )
})
