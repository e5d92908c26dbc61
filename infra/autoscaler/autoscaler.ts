/** As in a HorizontalPodAutoscaler's `behavior`. */
export interface ScalingRules {
  readonly stabilizationWindowSeconds: number
  readonly selectPolicy: 'Max' | 'Min'
  readonly policies: readonly Readonly<{ type: 'Percent' | 'Pods'; value: number; periodSeconds: number }>[]
}

export interface AutoscalerSettings {
  readonly min: number
  readonly max: number
  /** Tasks a pod. */
  readonly targetValue: number
  readonly pollingSeconds: number
  readonly cooldownSeconds: number
  readonly scaleUp: ScalingRules
  readonly scaleDown: ScalingRules
}

/** What the controllers remember. Times are in seconds. */
export interface AutoscalerMemory {
  readonly recommendations: readonly Readonly<{ at: number; replicas: number }>[]
  readonly changes: readonly Readonly<{ at: number; by: number }>[]
  readonly lastActiveAt: number
}

export interface Observation {
  readonly now: number
  readonly replicas: number
  /** What the scaling endpoint answers; null where it does not. */
  readonly value: number | null
}

/** How often Kubernetes looks, and what it takes for no difference; both as shipped. */
const HPA_SYNC_SECONDS = 15
const TOLERANCE = 0.1

export const newMemory = (): AutoscalerMemory => ({ recommendations: [], changes: [], lastActiveAt: 0 })

export type Decision = Readonly<{ replicas: number; memory: AutoscalerMemory }>

/**
 * One second of KEDA and of the HorizontalPodAutoscaler that it makes: KEDA moves a pool from none to some and back, the
 * autoscaler does the rest. Without a value neither moves anything.
 */
export function decide(settings: AutoscalerSettings, memory: AutoscalerMemory, seen: Observation): Decision {
  const { now, value } = seen
  if (value === null) return { replicas: seen.replicas, memory }
  const woken =
    now % settings.pollingSeconds === 0 ? activate(settings, memory, { ...seen, value }) : { ...seen, memory }
  if (woken.replicas === 0 || now % HPA_SYNC_SECONDS !== 0) return { replicas: woken.replicas, memory: woken.memory }
  return balance(settings, woken.memory, { now, value, replicas: woken.replicas })
}

type Known = Readonly<{ now: number; replicas: number; value: number }>

function activate(settings: AutoscalerSettings, memory: AutoscalerMemory, { now, replicas, value }: Known): Decision {
  if (value > 0) return { replicas: Math.max(replicas, 1, settings.min), memory: { ...memory, lastActiveAt: now } }
  const cooled = now - memory.lastActiveAt >= settings.cooldownSeconds
  return { replicas: settings.min === 0 && cooled ? 0 : replicas, memory }
}

function balance(settings: AutoscalerSettings, memory: AutoscalerMemory, seen: Known): Decision {
  const { now, replicas } = seen
  const desired = desiredReplicas(settings, seen)
  const stable = stabilize(settings, memory, { now, replicas, desired })
  const next = limit(settings, memory, { now, replicas, desired: stable })
  const longest = Math.max(
    settings.scaleUp.stabilizationWindowSeconds,
    settings.scaleDown.stabilizationWindowSeconds,
    ...[...settings.scaleUp.policies, ...settings.scaleDown.policies].map(({ periodSeconds }) => periodSeconds),
  )
  const fresh = ({ at }: { at: number }): boolean => now - at <= longest
  return {
    replicas: next,
    memory: {
      ...memory,
      recommendations: [...memory.recommendations.filter(fresh), { at: now, replicas: desired }],
      changes: [...memory.changes.filter(fresh), ...(next === replicas ? [] : [{ at: now, by: next - replicas }])],
    },
  }
}

function desiredReplicas({ targetValue }: AutoscalerSettings, { replicas, value }: Known): number {
  const ratio = value / (targetValue * replicas)
  return Math.abs(1 - ratio) <= TOLERANCE ? replicas : Math.ceil(value / targetValue)
}

type Wish = Readonly<{ now: number; replicas: number; desired: number }>

/** Up to the lowest, and down to the highest, of what was recommended within the window of that direction. */
function stabilize({ scaleUp, scaleDown }: AutoscalerSettings, memory: AutoscalerMemory, wish: Wish): number {
  const within = ({ stabilizationWindowSeconds }: ScalingRules): number[] =>
    memory.recommendations
      .filter(({ at }) => wish.now - at < stabilizationWindowSeconds)
      .map(({ replicas }) => replicas)
  const up = Math.min(wish.desired, ...within(scaleUp))
  const down = Math.max(wish.desired, ...within(scaleDown))
  return Math.min(Math.max(wish.replicas, up), down)
}

/** No faster than the policies allow, counted from where their period began, and within the limits of the pool. */
function limit(settings: AutoscalerSettings, { changes }: AutoscalerMemory, { now, replicas, desired }: Wish): number {
  const changed = (periodSeconds: number): number =>
    changes.filter(({ at }) => now - at < periodSeconds).reduce((sum, { by }) => sum + by, 0)
  const { scaleUp, scaleDown, max } = settings
  const select = (rules: ScalingRules, most: 1 | -1): number => {
    const reach = rules.policies.map(({ type, value, periodSeconds }) => {
      const start = replicas - changed(periodSeconds)
      if (type === 'Pods') return start + most * value
      const share = start * (1 + (most * value) / 100)
      return most === 1 ? Math.ceil(share) : Math.floor(share)
    })
    const furthest = (rules.selectPolicy === 'Max') === (most === 1)
    return furthest ? Math.max(...reach) : Math.min(...reach)
  }
  if (desired > replicas) return Math.min(desired, max, Math.max(replicas, select(scaleUp, 1)))
  const min = Math.max(settings.min, 1)
  return Math.max(desired, min, Math.min(replicas, select(scaleDown, -1)))
}
