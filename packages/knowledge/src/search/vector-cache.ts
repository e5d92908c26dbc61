import type { VectorSpace } from './vector-space.ts'

/** Vectors of the collections that were searched last, within a number of bytes. */
export interface VectorCache {
  /**
   * The spaces of a collection as `mark` names its state; `load` reads them where they are not held. Searches at the same time
   * share one load, and load for themselves where it failed. Rejects with the load's error and holds nothing then.
   */
  spaces(collectionId: number, mark: string, load: () => Promise<VectorSpace[]>): Promise<readonly VectorSpace[]>
  /** Bytes that are held now. */
  readonly bytes: number
}

type Entry = { mark: string; spaces: Promise<VectorSpace[]>; bytes: number }

/** 32,000 chunks at 512 dimensions. */
const MAX_BYTES = 64 * 1024 * 1024

export function createVectorCache({ maxBytes = MAX_BYTES }: Readonly<{ maxBytes?: number }> = {}): VectorCache {
  // In the order of use, the longest unused first.
  const entries = new Map<number, Entry>()
  let bytes = 0

  const drop = (collectionId: number): void => {
    bytes -= entries.get(collectionId)?.bytes ?? 0
    entries.delete(collectionId)
  }
  const keep = (collectionId: number, entry: Entry, spaces: readonly VectorSpace[]): void => {
    if (entries.get(collectionId) !== entry) return
    entry.bytes = spaces.reduce((sum, space) => sum + space.flat.byteLength, 0)
    bytes += entry.bytes
    for (const oldest of entries.keys()) if (bytes > maxBytes) drop(oldest)
  }
  return {
    get bytes() {
      return bytes
    },
    async spaces(collectionId, mark, load) {
      const held = entries.get(collectionId)
      if (held?.mark === mark) {
        entries.delete(collectionId)
        entries.set(collectionId, held)
        return held.spaces.catch(load)
      }
      drop(collectionId)
      const entry: Entry = { mark, spaces: load(), bytes: 0 }
      entries.set(collectionId, entry)
      try {
        const spaces = await entry.spaces
        keep(collectionId, entry, spaces)
        return spaces
      } catch (error) {
        if (entries.get(collectionId) === entry) drop(collectionId)
        throw error
      }
    },
  }
}
