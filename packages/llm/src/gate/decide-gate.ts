import type { RateLimits } from '../port.ts'
import { METERS, type Charge, type GateConfig, type GateState, type Meter, type MeterName } from './gate-state.ts'
import { book, forgetIdleLines, served, setAside, type Standing } from './lines.ts'
import {
  addUse,
  burstOf,
  countedAt,
  forgetOld,
  freshMeter,
  levelAt,
  learnRatio,
  levelReachedAt,
  limitOf,
  secondOf,
  spacedAt,
  usedOf,
  windowFreeAt,
} from './meter.ts'

/** May this call go out? `bookedFor` is the `until` that the same call was told before. */
export type GateAsk = Readonly<{ kind: 'ask'; workspace: string; charge: Charge; bookedFor?: number }>

/** What a call that had passed took in truth. */
export type GateSettle = Readonly<{ kind: 'settle'; admission: GateAdmission; actual: Charge; succeeded: boolean }>

/** The provider refused: nothing passes for a while. `jitter` in [0, 1) spreads pauses that nobody gave a length. */
export type GatePause = Readonly<{ kind: 'pause'; forMs?: number; why: string; refusedKey?: boolean; jitter: number }>

/** What the headers of an answer told. */
export type GateObserve = Readonly<{ kind: 'observe'; limits: RateLimits }>

export type GateEvent = GateAsk | GateSettle | GatePause | GateObserve

/** Kept by the caller until the call ends. */
export type GateAdmission = Readonly<{
  is: 'admitted'
  /** When it was counted, in seconds since the epoch. */
  second: number
  /** What it asked for, and what it is counted at until its end is known. */
  asked: Charge
  counted: Charge
}>
export type GateWait = Readonly<{
  is: 'wait'
  /** Milliseconds since the epoch: asking earlier is in vain. */
  until: number
  why: 'closed' | MeterName
  /** For people: what the lane waits for. */
  detail: string
}>
export type GateOutcome = GateAdmission | GateWait | Readonly<{ is: 'noted'; closedUntil: number }>

export type GateStep = Readonly<{ state: GateState; outcome: GateOutcome }>

/** All decisions about one lane. Pure: the same events at the same times give the same outcomes on every store. */
export function decideGate(config: GateConfig, state: GateState, event: GateEvent, now: number): GateStep {
  switch (event.kind) {
    case 'ask':
      return ask(config, state, event, now)
    case 'settle':
      return noted(settle(config, state, event, now))
    case 'pause':
      return noted(pause(config, state, event, now))
    case 'observe':
      return noted(observe(config, state, event, now))
  }
}

const noted = (state: GateState): GateStep => ({ state, outcome: { is: 'noted', closedUntil: state.closedUntil } })

type Limited = Readonly<{ name: MeterName; meter: Meter; limit: number; needed: number }>

function ask(config: GateConfig, before: GateState, event: GateAsk, now: number): GateStep {
  const state = { ...before, busy: busyAt(before, now) }
  const lines = forgetIdleLines(state.lines, now)
  const counted = countedCharge(state, event.charge)
  const limited = limitedMeters(config, state, counted, now)
  const share = Math.max(0, ...limited.map(({ needed, limit }) => needed / limit))
  const standing: Standing = { workspace: event.workspace, bookedFor: event.bookedFor, share }
  const free = freeAt(config, state, limited, setAside(lines, standing, now), now)
  if (free.at <= now) {
    const meters = take(config, state, counted, now)
    const outcome = { is: 'admitted', second: secondOf(now), asked: event.charge, counted } as const
    return { state: { ...state, meters, lines: served(lines, standing, now) }, outcome }
  }
  const spaced = Math.max(0, ...limited.map(({ name, meter, needed, limit }) => spacedAt(name, meter, needed) / limit))
  const booked = book(lines, { ...standing, share: spaced }, free.at, now)
  const outcome = {
    is: 'wait',
    until: booked.until,
    why: free.why,
    detail: detailOf(state, free.why, limited),
  } as const
  return { state: { ...state, lines: booked.lines }, outcome }
}

/** A lane that nobody asks for this long, while it is open, is not used to its limit. */
const IDLE_MS = 10_000

/** A lane that is closed for its rate is used to its limit; one whose key is refused is not used. */
function busyAt({ busy, closedUntil, refusedKey }: GateState, now: number): NonNullable<GateState['busy']> {
  const isShut = refusedKey === true && now < closedUntil
  const last = busy && (refusedKey ? busy.seen : Math.max(busy.seen, closedUntil))
  const goesOn = busy && last !== undefined && !isShut && now - last <= IDLE_MS
  return { since: goesOn ? busy.since : now, seen: now }
}

function countedCharge(state: GateState, asked: Charge): Charge {
  const known = METERS.filter((name) => asked[name] !== undefined)
  return Object.fromEntries(known.map((name) => [name, countedAt(state.meters[name], asked[name] ?? 0)]))
}

function limitedMeters(config: GateConfig, state: GateState, charge: Charge, now: number): Limited[] {
  return METERS.flatMap((name) => {
    const meter = forgetOld(
      state.meters[name] ?? freshMeter(config, name, limitOf(config, name, undefined, now), now),
      now,
    )
    const limit = limitOf(config, name, meter, now)
    const amount = charge[name] ?? 0
    // A call larger than the whole minute passes alone: only the provider can tell whether it is too large.
    return limit === undefined || amount <= 0 ? [] : [{ name, meter, limit, needed: Math.min(amount, limit) }]
  })
}

/** The first time at which every meter has room, and what it waits for. */
function freeAt(
  config: GateConfig,
  state: GateState,
  limited: readonly Limited[],
  aside: number,
  now: number,
): { at: number; why: 'closed' | MeterName } {
  let free: { at: number; why: 'closed' | MeterName } = { at: Math.max(now, state.closedUntil), why: 'closed' }
  const paced = { config, closedUntil: state.closedUntil }
  for (const { name, meter, limit, needed } of limited) {
    const wanted = needed * (1 + aside)
    const level = levelAt(paced, name, meter, limit, now)
    const byPace = levelReachedAt(paced, level, Math.min(wanted, burstOf(config, name, limit)), limit, now)
    const byMinute = windowFreeAt(meter, Math.min(wanted, limit), limit, now)
    const at = Math.max(byPace, byMinute)
    if (at > free.at) free = { at, why: name }
  }
  return free
}

function detailOf(state: GateState, why: 'closed' | MeterName, limited: readonly Limited[]): string {
  if (why === 'closed') return state.closedWhy
  const limit = limited.find(({ name }) => name === why)?.limit ?? 0
  return `${WORDS[why]} per minute are used up (${Math.floor(limit)})`
}

const WORDS: Readonly<Record<MeterName, string>> = {
  requests: 'requests',
  tokens: 'tokens',
  inputTokens: 'input tokens',
  outputTokens: 'output tokens',
}

/** What passes is counted on meters without a limit too: a limit that is told later holds for it. */
function take(config: GateConfig, state: GateState, charge: Charge, now: number): GateState['meters'] {
  return mapMeters(config, state, now, (meter, name, limit) => {
    const amount = charge[name] ?? 0
    if (amount <= 0) return meter
    const level = limit === undefined ? 0 : levelAt({ config, closedUntil: state.closedUntil }, name, meter, limit, now)
    const counted = limit === undefined ? amount : Math.min(amount, limit)
    return addUse({ ...meter, level: limit === undefined ? 0 : level - counted, at: now }, secondOf(now), amount)
  })
}

function mapMeters(
  config: GateConfig,
  state: GateState,
  now: number,
  change: (meter: Meter, name: MeterName, limit: number | undefined) => Meter,
): GateState['meters'] {
  const meters: Partial<Record<MeterName, Meter>> = {}
  for (const name of METERS) {
    const known = state.meters[name] ?? freshMeter(config, name, limitOf(config, name, undefined, now), now)
    const meter = forgetOld(known, now)
    meters[name] = change(meter, name, limitOf(config, name, meter, now))
  }
  return meters
}

/** The difference goes to the second that the call was counted in, and to the pace. */
function settle(config: GateConfig, state: GateState, event: GateSettle, now: number): GateState {
  const { admission, actual, succeeded } = event
  const meters = mapMeters(config, state, now, (meter, name, limit) => {
    const asked = admission.asked[name] ?? 0
    const took = actual[name] ?? 0
    const learnt = succeeded && asked > 0 ? learnRatio(meter, asked, took) : meter
    const difference = took - (admission.counted[name] ?? 0)
    if (difference === 0) return learnt
    const isKept = meter.used[String(admission.second)] !== undefined
    const used = isKept ? addUse(learnt, admission.second, difference) : learnt
    const wasCounted = isKept && name === 'requests' && admission.second * 1000 <= (meter.learnt?.at ?? 0)
    const counted = wasCounted ? learntLess(used, -difference) : used
    if (limit === undefined) return counted
    const level = levelAt({ config, closedUntil: state.closedUntil }, name, meter, limit, now)
    // What comes back while the lane is closed is no burst for its opening.
    const most = now < state.closedUntil ? Math.max(level, 0) : burstOf(config, name, limit)
    return { ...counted, level: Math.min(most, level - difference), at: now }
  })
  const strikes = succeeded && now >= state.closedUntil ? 0 : state.strikes
  return { ...state, meters, strikes, ...(succeeded && { answeredAt: now }) }
}

/** Never opens a lane earlier than it was to. Refusals of calls that were on their way already are no further strikes. */
function pause(config: GateConfig, state: GateState, event: GatePause, now: number): GateState {
  const isOpen = now >= state.closedUntil
  const strikesBefore = isOpen ? state.strikes : Math.max(0, state.strikes - 1)
  const doubled = Math.min(config.maxPauseMs, config.pauseMs * 2 ** strikesBefore)
  const until = Math.ceil(now + (event.forMs ?? doubled * (1 + event.jitter) * 0.75))
  const longer = until > state.closedUntil
  const saysNothing = event.refusedKey === true || isNamed(config, state)
  const meters = mapMeters(config, state, now, (meter, name, limit) => {
    const level = limit === undefined ? 0 : levelAt({ config, closedUntil: state.closedUntil }, name, meter, limit, now)
    const closed = { ...meter, level: Math.min(level, 0), at: now }
    if (name !== 'requests' || saysNothing) return closed
    const taught = isOpen ? { ...closed, ...learnFrom(state, closed, now) } : closed
    const opening = openingOf(taught, Math.max(until, state.closedUntil) + config.reopenMs, now)
    return { ...taught, opening, level: taught.learnt ? taught.level : 1 }
  })
  return {
    ...state,
    meters,
    strikes: isOpen ? Math.min(state.strikes + 1, 30) : state.strikes,
    closedUntil: longer ? until : state.closedUntil,
    closedWhy: longer ? event.why : state.closedWhy,
    ...(longer && { refusedKey: event.refusedKey ?? false }),
  }
}

/** Fewer calls than these in a minute teach nothing: they were refused for something else than their number. */
const TEACHING_CALLS = 10

/** A lane some limit of which is known was refused for that one, or for want of capacity: neither tells of another. */
const isNamed = (config: GateConfig, { meters }: GateState): boolean =>
  METERS.some((name) => config.limits[name] !== undefined || meters[name]?.told !== undefined)

/** How long a lane has to have been busy: what passed in a run's first seconds says nothing about a minute. */
const TEACHING_MS = 45_000

/**
 * Where nobody names a limit, what passed in the minute before the refusal is taken for it, if the lane was busy for most of
 * it. Calls that are under way and will be refused too are taken off when they end.
 */
function learnFrom({ busy }: GateState, meter: Meter, now: number): Pick<Meter, 'learnt'> {
  const passed = usedOf(meter)
  const wasBusy = busy !== undefined && now - busy.since >= TEACHING_MS
  return wasBusy && passed >= TEACHING_CALLS ? { learnt: { limit: passed, at: now } } : {}
}

/** What was counted and did not pass is no part of the limit. */
function learntLess({ learnt, ...meter }: Meter, calls: number): Meter {
  const limit = (learnt?.limit ?? 0) - calls
  return learnt === undefined || limit < TEACHING_CALLS ? meter : { ...meter, learnt: { ...learnt, limit } }
}

/** Requests a minute at least that a lane of unknown limit opens with: a crowd at once would be refused at once. */
const OPENING_PACE = 600

/** The pace that a lane opens with whose limit nobody names: that of its use, or more. */
function openingOf({ used }: Meter, until: number, now: number): NonNullable<Meter['opening']> {
  const [first, calls] = [Math.min(secondOf(now), ...Object.keys(used).map(Number)), usedOf({ used })]
  return { limit: Math.max(OPENING_PACE, (calls * 60) / (secondOf(now) - first + 1)), until }
}

/** Rounded figures and calls on their way make small differences that say nothing. */
const TOLERANCE = 0.02

function observe(config: GateConfig, state: GateState, event: GateObserve, now: number): GateState {
  const meters = mapMeters(config, state, now, (meter, name, before) => {
    const told = event.limits[name]
    if (told?.limit === undefined) return meter
    const known = {
      ...meter,
      told: told.limit,
      level: before === undefined ? burstOf(config, name, told.limit) : meter.level,
    }
    return told.remaining === undefined ? known : countOthers(known, told.limit, told.remaining, now)
  })
  return { ...state, meters }
}

/** What the provider has counted and this fleet has not was used by others with the same key: it counts here too. */
function countOthers(meter: Meter, limit: number, remaining: number, now: number): Meter {
  const others = limit - remaining - usedOf(meter)
  if (others <= Math.max(1, limit * TOLERANCE)) return meter
  return addUse(meter, secondOf(now), others)
}
