import { expect, test } from 'vitest'
import { decide, newMemory, type AutoscalerSettings } from './autoscaler.ts'

const SETTINGS: AutoscalerSettings = {
  min: 1,
  max: 10,
  targetValue: 10,
  pollingSeconds: 10,
  cooldownSeconds: 60,
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 30 },
      { type: 'Pods', value: 2, periodSeconds: 30 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 60,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 50, periodSeconds: 30 }],
  },
}

/** The number of pods at each sync of Kubernetes, where the endpoint answers `values` in turn. */
function replicasOver(values: readonly (number | null)[], settings = SETTINGS, replicas = settings.min): number[] {
  let memory = newMemory()
  const seen: number[] = []
  for (const [i, value] of values.entries()) {
    for (let second = 0; second < 15; second++) {
      const decision = decide(settings, memory, { now: 15 * i + second, replicas, value })
      memory = decision.memory
      replicas = decision.replicas
    }
    seen.push(replicas)
  }
  return seen
}

test('grows as fast as the most generous policy allows, and to the limit', () => {
  expect(replicasOver([200, 200, 200, 200, 200, 200])).toEqual([3, 3, 6, 6, 10, 10])
})

test('leaves a pool alone that is within a tenth of its target', () => {
  expect(replicasOver([54, 46], SETTINGS, 5)).toEqual([5, 5])
  expect(replicasOver([56], SETTINGS, 5)).toEqual([6])
})

test('shrinks once the highest recommendation is older than the window, and no faster than its policy', () => {
  expect(replicasOver([100, 10, 10, 10, 10, 10, 10, 10], SETTINGS, 10)).toEqual([10, 10, 10, 10, 5, 5, 2, 2])
})

test('one busy moment within the window stops a pool from shrinking', () => {
  expect(replicasOver([100, 10, 10, 100, 10, 10, 10], SETTINGS, 10)).toEqual([10, 10, 10, 10, 10, 10, 10])
})

test('begins with one pod, and ends with none when nothing was active for the cooldown', () => {
  const fromNone = { ...SETTINGS, min: 0 }
  expect(replicasOver([0, 5, 5, 0, 0, 0, 0, 0], fromNone)).toEqual([0, 1, 1, 1, 1, 1, 0, 0])
})

test('moves nothing while the endpoint does not answer', () => {
  expect(replicasOver([null, null, null], { ...SETTINGS, min: 0 }, 7)).toEqual([7, 7, 7])
})
