import { expect, test } from 'vitest'
import { parseTestArgs } from './test-options.mjs'

test.each([
  [[], { only: undefined, withoutRedis: false, vitestArgs: [] }],
  [['--without-redis'], { only: undefined, withoutRedis: true, vitestArgs: [] }],
  [['--only', 'unit', '-t', 'claims'], { only: 'unit', withoutRedis: false, vitestArgs: ['-t', 'claims'] }],
  [['--only=e2e', '--', 'packages/db'], { only: 'e2e', withoutRedis: false, vitestArgs: ['packages/db'] }],
])('reads %j', (args, options) => {
  expect(parseTestArgs(args)).toEqual(options)
})

test('refuses a kind of tests that there is not', () => {
  expect(() => parseTestArgs(['--only', 'smoke'])).toThrow('--only takes unit, integration, e2e; found "smoke"')
})
