import { expect, test } from 'vitest'
import { explainFailure } from './set-up-failure.mjs'

test.each([
  ['npm error code ENOSPC', 'the disk is full'],
  ['tar: write error: No space left on device', 'the disk is full'],
  ['npm error code EAI_AGAIN', 'the package registry cannot be reached'],
  ['Error: ERR_PNPM_OUTDATED_LOCKFILE', 'pnpm-lock.yaml does not match'],
  ['Error: spawn npm ENOENT', 'npm is not on PATH'],
  ['npm error code EACCES', 'may not be written'],
  ['npm error notarget', 'see the output above'],
])('explains %s', (output, explanation) => {
  expect(explainFailure(output)).toContain(explanation)
})
