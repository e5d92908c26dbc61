import type { Failure } from '@flotilla/domain'
import type { GateAdmission, GatePause } from '../gate/decide-gate.ts'
import { laneId } from '../gate/gate-state.ts'
import { actualCharge, expectedCharge } from '../gate/lane-charge.ts'
import type { RateGate } from '../gate/rate-gate.ts'
import type { ModelFailure, ModelOutcome, ModelRequest } from '../port.ts'
import { countRequestTokens } from '../tokens.ts'
import type { CallPermit, ChainLink } from './call-chain.ts'

/** The money for one call, set aside before it and settled after it, exactly once. An outcome with a `wait` has cost nothing. */
export type Reservation =
  | Readonly<{ ok: true; settle: (outcome: ModelOutcome) => Promise<void> }>
  | Readonly<{ ok: false; failure: Failure }>

export type PermitDeps = Readonly<{
  gate: RateGate
  /** The worst case of a call of `inputTokens`, by its link's price, is set aside or refused. */
  reserve: (link: ChainLink, request: ModelRequest, inputTokens: number) => Promise<Reservation>
  workspace: string
  /** The `wait` that this task's call was told before. */
  booking?: Readonly<{ laneId: string; until: number }>
  /** In [0, 1). */
  random: () => number
}>

/** How long a lane stays closed whose key is refused, unless a run is resumed before: who does that has made the key good. */
const REFUSED_KEY_MS = 300_000

/**
 * Leave by the rate gate, then by the budget: waits are common and cost nothing, refused budgets are rare. What the
 * provider tells of its limits, and that it refused, goes to the gate when the call ends.
 */
export function gatePermit(deps: PermitDeps): (link: ChainLink, request: ModelRequest) => Promise<CallPermit> {
  const { gate, workspace, booking } = deps
  return async (link, request) => {
    const inputTokens = countRequestTokens(request)
    const booked = booking?.laneId === laneId(link.lane) ? { bookedFor: booking.until } : {}
    const charge = expectedCharge(inputTokens, request.maxOutputTokens)
    const asked = await gate.decide(link.lane, { kind: 'ask', workspace, charge, ...booked })
    if (asked.is === 'wait') return { is: 'wait', until: asked.until, why: asked.detail }
    const reserved = await deps.reserve(link, request, inputTokens)
    if (!reserved.ok) {
      await gate.decide(link.lane, { kind: 'settle', admission: asked, actual: {}, succeeded: false })
      return { is: 'denied', failure: reserved.failure }
    }
    await gate.refresh(link.lane)
    const settle = async (outcome: ModelOutcome): Promise<void> => {
      await reserved.settle(outcome)
      await tellGate(deps, link, asked, outcome)
    }
    return { is: 'granted', settle, closedUntil: () => gate.closedUntil(link.lane) }
  }
}

async function tellGate(
  deps: PermitDeps,
  link: ChainLink,
  admission: GateAdmission,
  outcome: ModelOutcome,
): Promise<void> {
  const { gate, random } = deps
  if (isNotCalled(outcome)) {
    await gate.decide(link.lane, { kind: 'settle', admission, actual: {}, succeeded: false })
    return
  }
  const usage = outcome.ok ? outcome.reply.usage : outcome.usage
  const pause = outcome.ok ? undefined : pauseFor(outcome.failure)
  // What the provider refused did not pass: it is counted by no limit.
  const actual = pause ? {} : actualCharge(link.lane.provider, usage)
  // Closed first, so that nothing passes in between on what the settled call gives back.
  if (pause) await gate.decide(link.lane, { kind: 'pause', ...pause, jitter: random() })
  await gate.decide(link.lane, { kind: 'settle', admission, actual, succeeded: outcome.ok })
  if (outcome.limits) await gate.decide(link.lane, { kind: 'observe', limits: outcome.limits })
}

/** Its lane closed between its permit and the call. */
export const isNotCalled = (outcome: ModelOutcome): outcome is ModelFailure & Required<Pick<ModelFailure, 'wait'>> =>
  !outcome.ok && outcome.wait !== undefined

/** An overloaded provider closes its lane only if it says for how long: the circuit sees to the rest. */
function pauseFor({ code, message, retryAfterMs }: Failure): Omit<GatePause, 'kind' | 'jitter'> | undefined {
  if (code === 'model_auth') return { forMs: REFUSED_KEY_MS, why: message, refusedKey: true }
  const told = retryAfterMs === undefined ? {} : { forMs: retryAfterMs }
  if (code === 'model_rate_limited') return { ...told, why: message }
  const asksForPause = code === 'model_overloaded' && retryAfterMs !== undefined
  return asksForPause ? { ...told, why: message } : undefined
}
