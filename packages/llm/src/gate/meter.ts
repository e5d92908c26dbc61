import type { GateConfig, Meter, MeterName } from './gate-state.ts'

const MINUTE_MS = 60_000
const SECOND_MS = 1000
/** A second counts until it has left the minute whole, and one more for the way to the provider. */
const LIVES_MS = MINUTE_MS + SECOND_MS
/** The pace: a minute's quota in the time that its use counts for, or the count would stop what the pace let come. */
export const PACED_MS = LIVES_MS + SECOND_MS / 2

/** How much faster than its learnt limit a lane may go after each minute without a refusal. */
const LEARNT_GROWTH = 0.5

export const secondOf = (now: number): number => Math.floor(now / SECOND_MS)

/** The limit that a refusal taught, as it has grown since. */
export function learntLimit({ learnt }: Meter, now: number): number | undefined {
  if (!learnt) return undefined
  const minutes = Math.max(0, now - learnt.at) / MINUTE_MS
  return Math.max(1, learnt.limit * (1 + LEARNT_GROWTH * minutes))
}

/** Of what is configured and told the lowest, or else what is learnt; undefined where nobody knows a limit. */
export function limitOf(
  config: GateConfig,
  name: MeterName,
  meter: Meter | undefined,
  now: number,
): number | undefined {
  const known = [config.limits[name], meter?.told].filter((limit) => limit !== undefined)
  if (known.length > 0) return Math.max(1, Math.min(...known))
  if (meter === undefined) return undefined
  return learntLimit(meter, now) ?? (meter.opening && now < meter.opening.until ? meter.opening.limit : undefined)
}

/** At least two calls' worth of requests, or fairness would have nothing to set aside. */
export const burstOf = (config: GateConfig, name: MeterName, limit: number): number =>
  Math.min(limit, Math.max(name === 'requests' ? 2 : 0, (limit * config.burstMs) / MINUTE_MS))

/** Milliseconds at full pace that the time from a closing's end is worth. */
function paced(config: GateConfig, sinceOpening: number): number {
  if (sinceOpening <= 0) return 0
  const { reopenMs, reopenPace } = config
  const ramp = Math.min(sinceOpening, reopenMs)
  const grown = reopenMs === 0 ? 0 : reopenPace * ramp + ((1 - reopenPace) * ramp * ramp) / (2 * reopenMs)
  return grown + Math.max(0, sinceOpening - reopenMs)
}

/** Milliseconds after a closing's end until `worth` milliseconds at full pace have passed. */
function untilPaced(config: GateConfig, worth: number): number {
  const { reopenMs, reopenPace } = config
  const atFullPace = paced(config, reopenMs)
  if (worth >= atFullPace) return reopenMs + (worth - atFullPace)
  const slope = (1 - reopenPace) / (2 * reopenMs)
  if (slope === 0) return worth
  return (Math.sqrt(reopenPace * reopenPace + 4 * slope * worth) - reopenPace) / (2 * slope)
}

export type Paced = Readonly<{ config: GateConfig; closedUntil: number }>

/** What may pass of a meter now. */
export function levelAt(
  { config, closedUntil }: Paced,
  name: MeterName,
  meter: Meter,
  limit: number,
  now: number,
): number {
  const from = Math.max(meter.at, closedUntil)
  const worth = paced(config, now - closedUntil) - paced(config, from - closedUntil)
  return Math.min(burstOf(config, name, limit), meter.level + (Math.max(0, worth) * limit) / PACED_MS)
}

/** When a level will have grown to `needed`. */
export function levelReachedAt(
  { config, closedUntil }: Paced,
  level: number,
  needed: number,
  limit: number,
  now: number,
): number {
  const missing = needed - level
  if (missing <= 0) return now
  const from = Math.max(now, closedUntil)
  const worth = paced(config, from - closedUntil) + (missing * PACED_MS) / limit
  return closedUntil + untilPaced(config, worth)
}

export const freshMeter = (config: GateConfig, name: MeterName, limit: number | undefined, now: number): Meter => ({
  level: limit === undefined ? 0 : burstOf(config, name, limit),
  at: now,
  used: {},
})

/** Without the seconds that no longer count. */
export function forgetOld(meter: Meter, now: number): Meter {
  const oldest = secondOf(now - LIVES_MS)
  const kept = Object.entries(meter.used).filter(([second, amount]) => Number(second) >= oldest && amount > 0)
  return { ...meter, used: Object.fromEntries(kept) }
}

export const usedOf = ({ used }: Pick<Meter, 'used'>): number =>
  Object.values(used).reduce((sum, amount) => sum + amount, 0)

/** When so much of the minute has been forgotten that `needed` fits into `limit`. */
export function windowFreeAt(meter: Meter, needed: number, limit: number, now: number): number {
  let over = usedOf(meter) + needed - limit
  if (over <= 0) return now
  const seconds = Object.keys(meter.used)
    .map(Number)
    .toSorted((a, b) => a - b)
  for (const second of seconds) {
    over -= meter.used[String(second)] ?? 0
    if (over <= 0) return (second + 1) * SECOND_MS + LIVES_MS
  }
  return now + LIVES_MS
}

/** The meter with `amount` more in a second, less where it is negative. */
export function addUse(meter: Meter, second: number, amount: number): Meter {
  const key = String(second)
  const total = Math.max(0, (meter.used[key] ?? 0) + amount)
  return { ...meter, used: { ...meter.used, [key]: total } }
}

/** How much a call's word still weighs when the next one has had its say. */
const FADES = 0.9
const RATIO_RANGE = [0.02, 2] as const

/**
 * What a call that asks for `amount` is counted at until its end is known. Callers ask for the most that a call may
 * take, several times what it does take: counted so, most of the quota would stay unused.
 */
export function countedAt(meter: Meter | undefined, amount: number): number {
  if (!meter?.asked || meter.took === undefined) return amount
  const [least, most] = RATIO_RANGE
  return Math.ceil(amount * Math.min(most, Math.max(least, meter.took / meter.asked)))
}

/** What calls take of the tokens that they ask for, until one has ended. */
const FIRST_GUESS = 0.25

/**
 * What a call is thought to take by whoever tells others how long to wait behind it. Counted at all that it asks for, the first
 * minute's calls would be told times several times too far apart, and the lane would lie idle; one told too early asks again.
 */
export function spacedAt(name: MeterName, { asked }: Meter, counted: number): number {
  return name === 'requests' || asked ? counted : counted * FIRST_GUESS
}

export const learnRatio = (meter: Meter, asked: number, took: number): Meter => ({
  ...meter,
  asked: (meter.asked ?? 0) * FADES + asked,
  took: (meter.took ?? 0) * FADES + took,
})
