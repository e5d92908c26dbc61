import { expect, it } from 'vitest'
import { createCrowdedRoles } from './crowded-roles.ts'

it('are read once for all who ask within a moment, and again after a failure', async () => {
  let [now, reads] = [0, 0]
  let fails = false
  const crowded = createCrowdedRoles(
    () => {
      reads += 1
      return fails ? Promise.reject(new Error('away')) : Promise.resolve([`role-${reads}`])
    },
    () => now,
  )
  expect(await Promise.all([crowded(), crowded()])).toEqual([new Set(['role-1']), new Set(['role-1'])])
  now = 99
  expect(await crowded()).toEqual(new Set(['role-1']))
  now = 100
  fails = true
  await expect(crowded()).rejects.toThrow('away')
  fails = false
  expect(await crowded()).toEqual(new Set(['role-3']))
})
