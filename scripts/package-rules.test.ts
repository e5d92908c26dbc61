import { expect, test } from 'vitest'
import { root } from './checkout.mjs'
import { findViolations, readPackages } from './package-rules.mjs'

const sound = {
  folder: 'packages/db',
  name: '@flotilla/db',
  dependencies: ['kysely'],
  tags: ['capability'],
  sources: [],
}
const testing = '@flotilla/testing'

test('finds nothing in a package that keeps the rules', () => {
  const sources = [
    { file: 'packages/db/src/runs.itest.ts', imports: [testing] },
    { file: 'packages/db/src/testing/fixture.ts', imports: [testing] },
    { file: 'packages/db/src/runs.ts', imports: ['kysely'] },
  ]
  expect(findViolations([{ ...sound, sources }])).toEqual([])
})

test.each([
  ['testing as a production dependency', { dependencies: [testing] }, 'move it to devDependencies'],
  [
    'testing imported by production code',
    { sources: [{ file: 'packages/db/src/runs.ts', imports: [testing] }] },
    'runs.ts',
  ],
  ['bullmq outside the queue package', { dependencies: ['bullmq'] }, 'only @flotilla/queue depends on bullmq'],
  ['a domain with more than valibot', { name: '@flotilla/domain', dependencies: ['kysely'] }, 'valibot alone'],
  ['a package without a layer', { tags: [] }, 'expected one tag for the layer, found 0'],
])('finds %s', (_what, change, said) => {
  expect(findViolations([{ ...sound, ...change }])).toEqual([expect.stringContaining(said)])
})

test('reads the packages of this checkout with their imports', () => {
  const packages = readPackages(root)
  const read = packages.find(({ name }) => name === testing)
  expect(read).toMatchObject({ folder: 'packages/testing', tags: ['testing'] })
  expect(read?.dependencies).toContain('pg')
  const source = read?.sources.find(({ file }) => file.endsWith('test-redis.ts'))
  expect(source?.imports).toEqual(expect.arrayContaining(['node:fs', '@flotilla/runtime', './until.ts']))
})
