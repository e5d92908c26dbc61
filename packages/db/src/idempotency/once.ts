import { accepted, rejected, type JsonObject, type Rejection, type Result } from '@flotilla/domain'
import type { ExpressionBuilder } from 'kysely'
import { json, type Tx } from '../connect.ts'
import type { Database } from '../schema.ts'

/** `operation` names the call, as in "POST /v1/runs"; `bodyHash` tells a repetition from another request under the same key. */
export type IdempotencyKey = Readonly<{ workspaceId: number; operation: string; key: string; bodyHash: string }>

/**
 * Runs `work` once for a key and answers its first response again afterwards. The key is inserted before the work: a
 * concurrent request with the same key waits at the unique index until this transaction ends, and then repeats or, if it was
 * rolled back, does the work itself. A refusal is not kept, so that the corrected request may use the key.
 */
export async function once<T extends JsonObject>(
  tx: Tx,
  key: IdempotencyKey | null,
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  if (key === null) return work()
  if (!(await insertKey(tx, key))) return repeat<T>(tx, key)
  const result = await work()
  if (result.ok)
    await tx
      .updateTable('idempotency_keys')
      .set({ response: json(result.value) })
      .where(isKey(key))
      .execute()
  else await tx.deleteFrom('idempotency_keys').where(isKey(key)).execute()
  return result
}

async function insertKey(tx: Tx, key: IdempotencyKey): Promise<boolean> {
  const inserted = await tx
    .insertInto('idempotency_keys')
    .values({
      workspace_id: key.workspaceId,
      operation: key.operation,
      key: key.key,
      body_hash: key.bodyHash,
      response: '{}',
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

/** The first response under a key, or a refusal because its request was another one. */
async function repeat<T extends JsonObject>(tx: Tx, key: IdempotencyKey): Promise<Result<T>> {
  const row = await tx
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'response'])
    .where(isKey(key))
    .executeTakeFirstOrThrow()
  if (row.body_hash === key.bodyHash) return accepted(row.response as T)
  return describeMismatch(key)
}

/** The refusal of another request under a key that has been used. */
export const describeMismatch = (key: IdempotencyKey): Rejection =>
  rejected(
    'idempotency_mismatch',
    `the Idempotency-Key "${key.key}" was used for ${key.operation} with another body; send the same body again, or use a new key`,
  )

const isKey = (key: IdempotencyKey) => (eb: ExpressionBuilder<Database, 'idempotency_keys'>) =>
  eb.and({ workspace_id: key.workspaceId, operation: key.operation, key: key.key })
