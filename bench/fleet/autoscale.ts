import { setTimeout as wait } from 'node:timers/promises'
import type { Flotilla } from '../flotilla/system.ts'
import type { OwnProcess } from '../services/process.ts'

type Rules = Readonly<{
  stabilizationWindowSeconds: number
  selectPolicy: 'Max' | 'Min'
  policies: readonly Readonly<{ type: 'Percent' | 'Pods'; value: number; periodSeconds: number }>[]
}>
type AutoscalerSettings = Readonly<{
  min: number
  max: number
  targetValue: number
  pollingSeconds: number
  cooldownSeconds: number
  scaleUp: Rules
  scaleDown: Rules
}>
type Seen = Readonly<{ now: number; replicas: number; value: number | null }>
type Autoscaler = Readonly<{
  newMemory: () => unknown
  decide: (settings: AutoscalerSettings, memory: unknown, seen: Seen) => Readonly<{ replicas: number; memory: unknown }>
}>
/** The one of the simulation. What is in infra belongs to no package, so that its types are not to be had here. */
const AUTOSCALER = new URL('../../infra/autoscaler/autoscaler.ts', import.meta.url).href

/** Seconds of the autoscaler's time that go by in one: its periods are made for pods that take a minute to start. */
const SPEED = 10
const LOOK_MS = 100

/** Quicker down than production is, whose windows would last longer than the load does. */
export const scalerOf = (max: number, tasksAPod: number): AutoscalerSettings => ({
  min: 1,
  max,
  targetValue: tasksAPod,
  pollingSeconds: 5,
  cooldownSeconds: 30,
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
  scaleDown: {
    stabilizationWindowSeconds: 15,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 50, periodSeconds: 15 }],
  },
})

export type Scaled = Readonly<{ most: number; last: number; ups: number; downs: number }>

/** Runs as many workers as the simulated autoscaler asks for by the scaling endpoint, until the signal; one is kept. */
export async function autoscale(system: Flotilla, settings: AutoscalerSettings, signal: AbortSignal): Promise<Scaled> {
  const { decide, newMemory } = (await import(AUTOSCALER)) as Autoscaler
  const running: OwnProcess[] = [...system.workers]
  const stopping: Promise<void>[] = []
  const seen = { most: running.length, last: running.length, ups: 0, downs: 0 }
  const begun = performance.now()
  let memory = newMemory()
  for (let now = 0; !signal.aborted;) {
    const until = Math.floor(((performance.now() - begun) / 1000) * SPEED)
    const value = now < until ? await backlog(system) : null
    for (; now < until; now += 1) {
      const decision = decide(settings, memory, { now, replicas: running.length, value })
      memory = decision.memory
      const change = decision.replicas - running.length
      if (change > 0) running.push(...(await Promise.all(Array.from({ length: change }, () => system.addWorker()))))
      for (const gone of running.splice(decision.replicas)) stopping.push(gone.stop())
      if (change !== 0) seen[change > 0 ? 'ups' : 'downs'] += 1
      seen.most = Math.max(seen.most, running.length)
      seen.last = running.length
    }
    await wait(LOOK_MS, undefined, { signal }).catch(() => {})
  }
  await Promise.all(stopping)
  return seen
}

/** What the endpoint tells an autoscaler; null where it does not answer. */
async function backlog({ url }: Flotilla): Promise<number | null> {
  try {
    const answer = await fetch(`${url}/internal/scaling/agents`)
    return answer.ok ? ((await answer.json()) as { value: number }).value : null
  } catch {
    return null
  }
}
