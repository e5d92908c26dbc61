import { expect, test } from 'vitest'
import { root } from './checkout.mjs'
import { installFingerprint } from './fingerprint.mjs'
import { isNewEnough } from './toolchain.mjs'
import { workspaceFolders } from './workspace-folders.mjs'

test.each([
  ['v20.20.2', false],
  ['v24.11.1', false],
  ['v24.12.0', true],
  ['v24.21.0', true],
  ['v26.0.0', true],
])('Node %s runs the product: %s', (version, answer) => {
  expect(isNewEnough(version)).toBe(answer)
})

test('the fingerprint stands still, and moves with its salt', () => {
  expect(installFingerprint(root, 'a')).toBe(installFingerprint(root, 'a'))
  expect(installFingerprint(root, 'a')).not.toBe(installFingerprint(root, 'b'))
})

test('finds the packages of the workspace by both kinds of patterns', () => {
  expect(workspaceFolders(root)).toEqual(expect.arrayContaining(['apps/cli', 'packages/runtime', 'bench', 'tests']))
})
