import { expect, test } from 'vitest'
import { parseTestArgs } from './test-options.mjs'

test.each([
  [[], { only: undefined, withoutRedis: false, rest: [] }],
  [['--without-redis'], { only: undefined, withoutRedis: true, rest: [] }],
  [['--only', 'unit', '-t', 'claims'], { only: 'unit', withoutRedis: false, rest: ['-t', 'claims'] }],
  [['--only', 'mutants', 'fence'], { only: 'mutants', withoutRedis: false, rest: ['fence'] }],
  [['--only=e2e', '--', 'packages/db'], { only: 'e2e', withoutRedis: false, rest: ['packages/db'] }],
])('reads %j', (args, options) => {
  expect(parseTestArgs(args)).toEqual(options)
})

test('refuses a kind of tests that there is not', () => {
  expect(() => parseTestArgs(['--only', 'smoke'])).toThrow(
    '--only takes unit, integration, oldest-postgres, e2e, chaos, mutants; found "smoke"',
  )
})
