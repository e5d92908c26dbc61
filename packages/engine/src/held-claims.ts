import { AttemptAbort, type AbortKind } from '@flotilla/agents'
import type { Claim } from '@flotilla/db'

const MESSAGE: Readonly<Record<AbortKind, string>> = {
  cancelled: 'the run was cancelled',
  timeout: 'the attempt ran out of time',
  shutdown: 'the worker is shutting down',
  lease_lost: 'the lease was lost to another worker',
}

export const abortOf = (kind: AbortKind): AttemptAbort => new AttemptAbort(kind, MESSAGE[kind])

type Held = { claim: Claim; controller: AbortController }

/** The claims that this process holds now: what the heartbeat renews, and what cancels and shutdown abort. */
export class HeldClaims {
  readonly #held = new Map<string, Held>()
  #stopped: AbortKind | undefined

  /** The signal has fired already where all were stopped: a claim can commit while its process is ending. */
  hold(claim: Claim): AbortSignal {
    const controller = new AbortController()
    if (this.#stopped !== undefined) controller.abort(abortOf(this.#stopped))
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

  stop(claim: Claim, reason: AbortKind): void {
    this.#held.get(key(claim))?.controller.abort(abortOf(reason))
  }

  stopRun(runId: number, reason: AbortKind): void {
    for (const held of this.#held.values()) if (held.claim.runId === runId) held.controller.abort(abortOf(reason))
  }

  /** Also what is held from now on. */
  stopAll(reason: AbortKind): void {
    this.#stopped = reason
    for (const held of this.#held.values()) held.controller.abort(abortOf(reason))
  }
}

const key = (claim: Claim): string => `${claim.runId}/${claim.idx}/${claim.fence}`
