import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it, test } from 'vitest'
import { PEERS } from '../options.ts'
import { INSTALLABLE, findPeers } from './catalogue.ts'
import { installedVersions } from './installed.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(path.join(import.meta.dirname, name), 'utf8'))
const { dependencies } = read('package.json') as { dependencies: Readonly<Record<string, string>> }
const lock = read('package-lock.json') as {
  packages: Readonly<Record<string, { version: string; resolved?: string }>>
}

it.each(INSTALLABLE)('$what comes in exact versions, which the lock file has', ({ packages }) => {
  const wanted = packages.map((name) => `${name} ${dependencies[name]}`)
  expect(packages.map((name) => `${name} ${lock.packages[`node_modules/${name}`]?.version}`)).toEqual(wanted)
  for (const each of wanted) expect(each).toMatch(/ \d+\.\d+\.\d+$/)
})

test('the lock file names no address to download from', () => {
  const addresses = Object.values(lock.packages).flatMap(({ resolved }) => resolved ?? [])
  expect(addresses).toEqual([])
})

test('every peer but BullMQ is installed apart', () => {
  expect(INSTALLABLE.map(({ name }) => name)).toEqual(PEERS.filter((name) => name !== 'bullmq'))
  expect(findPeers(['bullmq'])).toEqual({ installed: [], missing: [], versions: {} })
})

test('a package that is not there is missed', () => {
  expect(installedVersions(['@flotilla/nowhere'])).toBeNull()
})
