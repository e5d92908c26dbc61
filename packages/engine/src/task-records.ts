import { readTaskRecords, type TaskRecord, type TaskRef } from '@flotilla/db'
import { inBatches, loopTurn } from '@flotilla/runtime'
import type pg from 'pg'

/** Outputs of dependencies come with them, so that a batch is some megabytes at worst where they are long. */
const MOST = 32

/**
 * Reads what tasks start from, those that are claimed together in one query. Null: the task is gone. Tasks begin in turns:
 * putting a prompt together is a millisecond's work.
 */
export function createTaskRecords(pool: pg.Pool): (ref: TaskRef) => Promise<TaskRecord | null> {
  const read = inBatches((refs: readonly TaskRef[]) => readTaskRecords(pool, refs), { most: MOST, flights: 2 })
  return async (ref) => {
    const record = await read(ref)
    await loopTurn()
    return record
  }
}
