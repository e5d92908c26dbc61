import type { Retention } from '@flotilla/domain'
import type pg from 'pg'
import { cleanPiece, type CleanedPiece } from './clean.ts'

export type Cleaned = Omit<CleanedPiece, 'more'>

export type CleanRecordDeps = Readonly<{
  pool: pg.Pool
  retention: Retention
  /** Told after each piece of what was done so far. */
  onPiece?: (soFar: Cleaned) => void
}>

/**
 * Removes and thins out what is older than it is kept, piece by piece, until nothing is due, `pieces` are done or the signal
 * aborts. Cut off anywhere, the next call goes on; several processes at once share the work.
 */
export async function cleanRecord(deps: CleanRecordDeps, pieces: number, signal?: AbortSignal): Promise<Cleaned> {
  let sum: Cleaned = { marked: 0, removed: 0, trimmed: 0, rows: 0, keys: 0 }
  for (let n = 0; n < pieces; n++) {
    if (signal?.aborted === true) break
    const { more, ...piece } = await cleanPiece(deps.pool, deps.retention)
    sum = {
      marked: sum.marked + piece.marked,
      removed: sum.removed + piece.removed,
      trimmed: sum.trimmed + piece.trimmed,
      rows: sum.rows + piece.rows,
      keys: sum.keys + piece.keys,
    }
    deps.onPiece?.(sum)
    if (!more) break
  }
  return sum
}
