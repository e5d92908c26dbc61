import type { Claim } from '@flotilla/db'

/** Why a running attempt is stopped from outside. */
export type StopReason = 'cancelled' | 'lease_lost' | 'shutdown' | 'attempt_timeout'

/** The reason of an abort signal in this product: an error with a code, so that whoever awaits it can tell them apart. */
export class Stopped extends Error {
  readonly code: StopReason
  constructor(code: StopReason) {
    super(code)
    this.name = 'Stopped'
    this.code = code
  }
}

export function stopReason(signal: AbortSignal): StopReason | null {
  return signal.reason instanceof Stopped ? signal.reason.code : null
}

type Held = { claim: Claim; controller: AbortController }

/** The claims that this process holds now: what the heartbeat renews, and what cancels and shutdown abort. */
export class HeldClaims {
  readonly #held = new Map<string, Held>()

  hold(claim: Claim): AbortSignal {
    const controller = new AbortController()
    this.#held.set(key(claim), { claim, controller })
    return controller.signal
  }

  release(claim: Claim): void {
    this.#held.delete(key(claim))
  }

  all(): Claim[] {
    return [...this.#held.values()].map((held) => held.claim)
  }

  get size(): number {
    return this.#held.size
  }

  stop(claim: Claim, reason: StopReason): void {
    this.#held.get(key(claim))?.controller.abort(new Stopped(reason))
  }

  stopRun(runId: number, reason: StopReason): void {
    for (const held of this.#held.values()) if (held.claim.runId === runId) held.controller.abort(new Stopped(reason))
  }

  stopAll(reason: StopReason): void {
    for (const held of this.#held.values()) held.controller.abort(new Stopped(reason))
  }
}

const key = (claim: Claim): string => `${claim.runId}/${claim.idx}/${claim.fence}`
