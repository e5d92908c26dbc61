import { expect, test } from 'vitest'
import { explainFailure } from './set-up-failure.mjs'

test.each([
  ['npm error code ENOSPC', 'the disk is full'],
  ['write error: No\n      space left on device', 'the disk is full'],
  ['npm error code EAI_AGAIN', 'the package registry cannot be reached'],
  ['Error: ERR_PNPM_OUTDATED_LOCKFILE', 'pnpm-lock.yaml does not match'],
  ['Error: spawn npm ENOENT', 'npm is not on PATH'],
  ['npm error code SELF_SIGNED_CERT_IN_CHAIN', 'NODE_EXTRA_CA_CERTS'],
  ['npm error code EACCES', 'may not be written'],
  ['npm error notarget', 'see the output above'],
])('explains %s', (output, explanation) => {
  expect(explainFailure(output, 1e12)).toContain(explanation)
})

test('takes a failure that says nothing for a full disk when it is full', () => {
  expect(explainFailure('something odd', 1e6)).toContain('the disk is full')
})
