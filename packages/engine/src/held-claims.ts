import { AttemptAbort, type AbortKind, type StopSignals } from '@flotilla/agents'
import type { Claim } from '@flotilla/db'

const MESSAGE: Readonly<Record<AbortKind, string>> = {
  cancelled: 'the run was cancelled',
  timeout: 'the attempt ran out of time',
  shutdown: 'the worker is shutting down',
  lease_lost: 'the lease was lost to another worker',
}

export const abortOf = (kind: AbortKind): AttemptAbort => new AttemptAbort(kind, MESSAGE[kind])

type Held = { claim: Claim; controller: AbortController; yielding: AbortController }

/** The claims that this process holds now: what the heartbeat renews, and what cancels, pauses and shutdown stop. */
export class HeldClaims {
  readonly #held = new Map<string, Held>()
  #stopped: AbortKind | undefined
  #yielded = false

  /** The signals have fired already where all were stopped: a claim can commit while its process is ending. */
  hold(claim: Claim): StopSignals {
    const [controller, yielding] = [new AbortController(), new AbortController()]
    if (this.#stopped !== undefined) controller.abort(abortOf(this.#stopped))
    if (this.#yielded) yielding.abort()
    this.#held.set(key(claim), { claim, controller, yielding })
    return { signal: controller.signal, yielding: yielding.signal }
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

  stop(claim: Claim, reason: AbortKind): void {
    this.#held.get(key(claim))?.controller.abort(abortOf(reason))
  }

  /** Renews all leases, and stops what turns out to be held no longer; answers how many claims that were. */
  async renew(
    heartbeat: (claims: readonly Claim[]) => Promise<readonly Claim[]>,
  ): Promise<{ held: number; lost: number }> {
    const claims = this.all()
    const lost = claims.length === 0 ? [] : await heartbeat(claims)
    for (const claim of lost) this.stop(claim, 'lease_lost')
    return { held: claims.length, lost: lost.length }
  }

  stopRun(runId: number, reason: AbortKind): void {
    for (const held of this.#held.values()) if (held.claim.runId === runId) held.controller.abort(abortOf(reason))
  }

  /** What the run does now ends at its next turn boundary. */
  yieldRun(runId: number): void {
    for (const held of this.#held.values()) if (held.claim.runId === runId) held.yielding.abort()
  }

  /** Also what is held from now on. */
  yieldAll(): void {
    this.#yielded = true
    for (const held of this.#held.values()) held.yielding.abort()
  }

  /** Also what is held from now on. */
  stopAll(reason: AbortKind): void {
    this.#stopped = reason
    for (const held of this.#held.values()) held.controller.abort(abortOf(reason))
  }
}

const key = (claim: Claim): string => `${claim.runId}/${claim.idx}/${claim.fence}`
