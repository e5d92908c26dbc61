import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../scripts/checkout.mjs'

interface ComposeService {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number | null>>
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[]
  readonly profiles?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
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
  const started = Object.entries(services).filter(([, { profiles }]) => profiles === undefined)
  expect(started.map(([name]) => name)).toEqual(['postgres', 'redis', 'migrate', 'api', 'worker'])
  expect(services['postgres']?.image).toBe('pgvector/pgvector:pg18')
  expect(services['redis']?.image).toBe('redis:7')
  expect(services['redis']?.command?.join(' ')).toContain('--maxmemory-policy noeviction')
})

test('Prometheus and Grafana come when they are asked for, with the files of the checkout', () => {
  const observing = Object.entries(services).filter(([, { profiles }]) => profiles?.includes('observe'))
  expect(observing.map(([name]) => name)).toEqual(['prometheus', 'grafana'])
  const mounted = observing.flatMap(([, { volumes = [] }]) => volumes.filter((volume) => volume.startsWith('./')))
  expect(mounted.length).toBeGreaterThan(0)
  for (const volume of mounted) expect(existsSync(path.join(root, 'infra', volume.split(':')[0] ?? ''))).toBe(true)
})

test('nothing is published but on this machine', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? [])
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
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
    const awaited = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on)
    expect(Object.keys(services)).toEqual(expect.arrayContaining(awaited))
  })
})
