import type { Finding } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Db } from '../connect.ts'
import type { Claim } from './transitions.ts'

/**
 * What is found of an output so far, rules first: a judge that is stopped between two criteria is followed by one that goes on
 * with the next. False: the claim is no longer held.
 */
export async function recordFindings(db: Db, claim: Claim, findings: readonly Finding[]): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update flotilla.outputs o set findings = ${json(findings)}::jsonb
    from flotilla.tasks t
    where t.run_id = ${claim.runId} and t.idx = ${claim.idx} and t.fence = ${claim.fence} and t.status = 'verifying'
      and o.run_id = t.run_id and o.idx = t.idx and o.attempt = t.attempt`.execute(db)
  return numAffectedRows === 1n
}
