import type { EventType, JsonObject } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

/**
 * Appends one event with the run's next number, in the transaction that changes the state. Takes the run's row lock, which
 * is what keeps the numbers gapless. Answers the number.
 */
export async function appendEvent(
  tx: Tx,
  event: Readonly<{ runId: number; workspaceId: number; idx?: number; type: EventType; data?: JsonObject }>,
): Promise<number> {
  const { rows } = await sql<{
    seq: number
  }>`select flotilla.append_event(${event.runId}, ${event.workspaceId}, ${event.idx ?? null}::int,
    ${event.type}, ${JSON.stringify(event.data ?? {})}::jsonb, clock_timestamp()) as seq`.execute(tx)
  return rows[0]?.seq ?? 0
}
