/** Whose quota a call draws on. `key` is a name of the key, never the key. */
export type Lane = Readonly<{ provider: string; model: string; key: string }>

export const laneId = (lane: Lane): string => `${lane.provider}/${lane.model}/${lane.key}`

/** What providers meter, each per minute. `tokens` is input and output together. */
export const METERS = ['requests', 'tokens', 'inputTokens', 'outputTokens'] as const
export type MeterName = (typeof METERS)[number]

/** What a call takes from each meter; meters without a limit ignore it. */
export type Charge = Readonly<Partial<Record<MeterName, number>>>

export type GateConfig = Readonly<{
  /** Per minute. A meter that is left out has the limit that the provider's headers tell, if they tell one. */
  limits: Charge
  /** How much of the quota may pass at once after a pause of the fleet: this many milliseconds' worth of it. */
  burstMs: number
  /** After a closing the pace grows from `reopenPace` of the full one to all of it within this time. */
  reopenMs: number
  reopenPace: number
  /** The first pause for a refusal that names none; doubles with each refusal in a row. */
  pauseMs: number
  maxPauseMs: number
}>

export const DEFAULT_GATE: GateConfig = {
  limits: {},
  burstMs: 6000,
  reopenMs: 10_000,
  reopenPace: 0.25,
  pauseMs: 1000,
  maxPauseMs: 60_000,
}

/**
 * One metered quantity. `level` is what may pass at `at` (below zero after a call larger than a burst) and paces the
 * calls; `used` counts what passed, by second, and keeps every minute within the limit whatever way the provider
 * counts: by a bucket, by a sliding or by a fixed minute.
 */
export type Meter = Readonly<{
  level: number
  at: number
  used: Readonly<Record<string, number>>
  /** What late calls asked for and what they took, both fading: their ratio is what the next one is counted at. */
  asked?: number
  took?: number
  /** The limit that the provider's headers told last. */
  told?: number
  /** The limit that a refusal taught where nobody names one, and when. */
  learnt?: Readonly<{ limit: number; at: number }>
  /** The pace that a lane whose limit nobody knows opens with, until it is wholly open again. */
  opening?: Readonly<{ limit: number; until: number }>
}>

/**
 * A workspace's place at a lane. `next` is the latest time that one of its calls was told to come back at, `again` the
 * latest that one was told which had come back before; `served` is the weight of what passed lately, halved every half
 * minute.
 */
export type Line = Readonly<{ next: number; again: number; served: number; servedAt: number }>

/** All that is remembered of a lane; plain JSON. Times are milliseconds since the epoch, on one clock for all callers. */
export type GateState = Readonly<{
  /** Nothing passes before this time. Only ever moved later, but where a person resumes a run whose key was refused. */
  closedUntil: number
  /** When a person has opened it before its time. */
  openedAt?: number
  /** When a call of it has succeeded last. */
  answeredAt?: number
  /** That it is closed for a refused key. */
  refusedKey?: boolean
  closedWhy: string
  /** Refusals in a row. */
  strikes: number
  /** Since when it has been asked, or closed, without a break, and when it was asked last. */
  busy?: Readonly<{ since: number; seen: number }>
  meters: Readonly<Partial<Record<MeterName, Meter>>>
  lines: Readonly<Record<string, Line>>
}>

export const OPEN_GATE: GateState = { closedUntil: 0, closedWhy: '', strikes: 0, meters: {}, lines: {} }
