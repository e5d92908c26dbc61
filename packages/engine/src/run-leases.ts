import type { AbortKind } from '@flotilla/agents'
import { heartbeatRuns, type Db, type RunClaim } from '@flotilla/db'
import { abortOf } from './held-claims.ts'

/** Runs that this process plans or finishes now, renewed by the heartbeat like tasks. */
export class RunLeases {
  readonly #held = new Map<number, { fence: number; controller: AbortController }>()

  #stopped: AbortKind | undefined

  /** As with tasks, the signal has fired already where all were stopped. */
  hold(claim: RunClaim): AbortSignal {
    const controller = new AbortController()
    if (this.#stopped !== undefined) controller.abort(abortOf(this.#stopped))
    this.#held.set(claim.runId, { fence: claim.fence, controller })
    return controller.signal
  }

  release(claim: RunClaim): void {
    if (this.#held.get(claim.runId)?.fence === claim.fence) this.#held.delete(claim.runId)
  }

  stop(runId: number, reason: AbortKind): void {
    this.#held.get(runId)?.controller.abort(abortOf(reason))
  }

  stopAll(reason: AbortKind): void {
    this.#stopped = reason
    for (const held of this.#held.values()) held.controller.abort(abortOf(reason))
  }

  /** What is held still, for the process's end. */
  all(): Pick<RunClaim, 'runId' | 'fence'>[] {
    return [...this.#held].map(([runId, { fence }]) => ({ runId, fence }))
  }

  async renew(db: Db, leaseMs: number): Promise<void> {
    if (this.#held.size === 0) return
    for (const runId of await heartbeatRuns(db, this.all(), leaseMs)) this.stop(runId, 'lease_lost')
  }
}
