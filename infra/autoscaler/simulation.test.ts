import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/checkout.mjs'
import { plot } from './plot.ts'
import { autoscalerOf, fleetOf } from './settings.ts'
import { simulate } from './simulate.ts'
import { anyLoad, burst, closedLane, day, longCalls, pausedRun, rareRole, silentEndpoint } from './traces.ts'

const agents = autoscalerOf('agents')
const pod = fleetOf('agents')
/** Each load, and how many hills it has: where work piles up, and is done. The number of pods follows each once. */
const loads = [
  { trace: burst(), hills: 1 },
  { trace: day(), hills: 1 },
  { trace: closedLane(), hills: 3 },
  { trace: longCalls(), hills: 2 },
  { trace: pausedRun(), hills: 2 },
  { trace: silentEndpoint(), hills: 1 },
].map(({ trace, hills }) => ({ title: trace.title, name: trace.name, hills, outcome: simulate(trace, agents, pod) }))
const rare = rareRole()
const role = simulate(rare, autoscalerOf('researcher'), fleetOf('researcher'))

describe.each([...loads, { title: rare.title, name: rare.name, hills: 3, outcome: role }])(
  '$name',
  ({ hills, outcome }) => {
    test('every task is done, once', () => {
      expect(outcome.submitted).toBeGreaterThan(0)
      expect(outcome.completedOnce).toBe(outcome.submitted)
    })

    test('no call is cut off, and no task belongs to a pod that is gone', () => {
      expect(outcome.losses).toMatchObject({ cut: 0, killed: 0, longestOrphanSeconds: 0 })
    })

    test('what a pod hands back goes on within a second', () => {
      expect(outcome.losses.longestHandBackSeconds).toBeLessThanOrEqual(1)
    })

    test('the number of pods does not flap', () => expect(outcome.turns).toBeLessThanOrEqual(2 * hills - 1))
  },
)

const outcomeOf = (name: string) => {
  const found = loads.find((load) => load.name === name)?.outcome
  if (found === undefined) throw new Error(`there is no load ${name}`)
  return found
}

test('a burst takes the pool to its limit within two minutes of its coming, and it comes back to its least', () => {
  const { samples, mostReplicas, lastReplicas } = outcomeOf('burst')
  const full = samples.find(({ replicas }) => replicas === agents.max)
  expect(mostReplicas).toBe(agents.max)
  expect(full?.at).toBeLessThanOrEqual(4 * 60)
  expect(lastReplicas).toBe(agents.min)
})

test('pods are taken away in the middle of calls of ten minutes, others go on with what follows', () => {
  const { losses, samples } = outcomeOf('long-calls')
  expect(Math.max(...samples.map(({ draining }) => draining))).toBeGreaterThan(0)
  expect(losses.handedBack).toBeGreaterThan(0)
})

test('a lane that is closed for minutes leaves the pods where they are: the work comes back with the lane', () => {
  const { samples } = outcomeOf('closed-lane')
  for (const [from, until] of [
    [30, 34],
    [60, 72],
  ] as const) {
    const closed = samples.filter(({ at }) => at >= from * 60 && at < until * 60)
    expect(Math.min(...closed.map(({ value }) => value))).toBeLessThan(agents.targetValue)
    expect(new Set(closed.map(({ replicas }) => replicas)).size).toBe(1)
  }
})

test('paused work keeps no pods', () => {
  const { samples } = outcomeOf('paused-run')
  const paused = samples.filter(({ at }) => at >= 35 * 60 && at < 40 * 60)
  expect(Math.max(...paused.map(({ replicas }) => replicas))).toBeLessThan(Math.max(...samples.map((s) => s.replicas)))
})

test('an endpoint that does not answer moves nothing', () => {
  const silent = outcomeOf('silent-endpoint').samples.filter(({ at }) => at >= 40 * 60 && at < 70 * 60)
  expect(silent.at(-1)?.value).toBe(0)
  expect(new Set(silent.map(({ replicas }) => replicas)).size).toBe(1)
})

test.each(Array.from({ length: 12 }, (_, i) => i + 100))(
  'whatever comes, nothing is lost or cut off (load %i)',
  (seed) => {
    const { losses, submitted, completedOnce, lastReplicas } = simulate(anyLoad(seed), agents, pod)
    expect(completedOnce).toBe(submitted)
    expect(losses).toMatchObject({ cut: 0, killed: 0, longestOrphanSeconds: 0 })
    expect(lastReplicas).toBe(agents.min)
  },
)

test('a role that nobody asks for has no pods', () => {
  expect(role.samples.some(({ replicas }) => replicas === 0)).toBe(true)
  expect(role.lastReplicas).toBe(0)
})

describe('what the settings are for: without them', () => {
  test('a shorter window makes the number of pods flap, as the guide tells', () => {
    const turns = [300, 600].map((stabilizationWindowSeconds) => {
      const scaleDown = { ...agents.scaleDown, stabilizationWindowSeconds }
      return simulate(day(), { ...agents, scaleDown }, pod).turns
    })
    expect(agents.scaleDown.stabilizationWindowSeconds).toBe(900)
    expect(outcomeOf('day').turns).toBe(1)
    const guide = readFileSync(path.join(root, 'docs/kubernetes.md'), 'utf8')
    expect(/5 minutes turn .* once/.exec(guide)?.[0]).toBe(
      `5 minutes turn the number of pods around ${turns[0]} times, 10 minutes ${turns[1]} times, 15 minutes once`,
    )
  })

  test('a target of all that a pod takes lets work wait that is a tenth over it', () => {
    const { losses } = simulate(longCalls(), { ...agents, targetValue: pod.concurrency }, pod)
    expect(losses.longestHandBackSeconds).toBeGreaterThan(60)
  })

  test('a drain time of ten seconds cuts off calls, though nothing of the work is lost', () => {
    const { losses, submitted, completedOnce } = simulate(longCalls(), agents, { ...pod, drainSeconds: 10 })
    expect(losses.cut).toBeGreaterThan(0)
    expect(losses.longestOrphanSeconds).toBe(0)
    expect(completedOnce).toBe(submitted)
  })

  test('a grace period shorter than the drain time kills calls, whose tasks wait for their lease', () => {
    const { losses, submitted, completedOnce } = simulate(longCalls(), agents, { ...pod, graceSeconds: 30 })
    expect(losses.killed).toBeGreaterThan(0)
    expect(losses.longestOrphanSeconds).toBe(pod.leaseSeconds)
    expect(completedOnce).toBe(submitted)
  })
})

test('the plot in the docs is of these runs', async () => {
  await expect(plot([...loads, { title: rare.title, outcome: role }])).toMatchFileSnapshot(
    '../../docs/images/autoscaler.svg',
  )
})
