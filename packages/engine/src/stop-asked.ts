import { readClaimsToStop, type HeldClaim } from '@flotilla/db'
import type pg from 'pg'
import type { HeldClaims } from './held-claims.ts'
import type { RunLeases } from './run-leases.ts'

/**
 * Asks the record which of the claims held here a cancel, a deadline or a pause is to stop, for hints may be lost. What is
 * cancelled is cut off; what is paused ends at its next turn boundary. Reads nothing where nothing is held.
 */
export async function stopAsked(
  deps: Readonly<{ pool: pg.Pool; held: HeldClaims; leases: RunLeases }>,
): Promise<{ held: number; cancelled: number; paused: number }> {
  const { held, leases } = deps
  const claims: HeldClaim[] = [...held.all(), ...leases.all().map((lease) => ({ ...lease, idx: null }))]
  const done = { held: claims.length, cancelled: 0, paused: 0 }
  if (claims.length === 0) return done
  for (const { runId, idx, fence, reason } of await readClaimsToStop(deps.pool, claims)) {
    done[reason]++
    if (reason === 'paused') held.yieldRun(runId)
    else if (idx === null) leases.stop(runId, 'cancelled')
    else held.stop({ runId, idx, fence }, 'cancelled')
  }
  return done
}
