import { vectorPage, type ChunkKey, type Db, type Tx, type VectorRow } from '@flotilla/db'
import { dot } from '../embedding/vector.ts'

/** All vectors of one model in a collection, flat, in the order of documents and chunks. */
export type VectorSpace = Readonly<{ model: string; dimensions: number; keys: readonly ChunkKey[]; flat: Float32Array }>
export type Near = ChunkKey & Readonly<{ cosine: number }>

const PAGE = 1_000
/** Rows that are compared between two turns of the event loop, some 5 ms. */
const STRIDE = 5_000

/** Reads a collection's vectors, page by page. */
export async function readVectorSpaces(db: Db | Tx, collectionId: number): Promise<VectorSpace[]> {
  const byModel = new Map<string, VectorRow[]>()
  for (let after: ChunkKey = { documentN: -1, n: -1 }; ;) {
    const page = await vectorPage(db, { collectionId, after, limit: PAGE })
    for (const row of page) {
      const rows = byModel.get(row.model) ?? []
      rows.push(row)
      byModel.set(row.model, rows)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return [...byModel].map(([model, rows]) => spaceOf(model, rows))
    after = { documentN: last.documentN, n: last.n }
  }
}

/** Vectors are stored little-endian, as every machine that Node runs on in practice keeps them. */
function spaceOf(model: string, rows: readonly VectorRow[]): VectorSpace {
  const dimensions = (rows[0]?.embedding.length ?? 0) / Float32Array.BYTES_PER_ELEMENT
  const flat = new Float32Array(rows.length * dimensions)
  const bytes = new Uint8Array(flat.buffer)
  rows.forEach((row, at) => bytes.set(row.embedding, at * dimensions * Float32Array.BYTES_PER_ELEMENT))
  return { model, dimensions, keys: rows.map(({ documentN, n }) => ({ documentN, n })), flat }
}

/** The vectors nearest to one, nearest first; equals in the order of the collection. */
export async function nearest(
  { dimensions, keys, flat }: VectorSpace,
  query: Float32Array,
  limit: number,
): Promise<Near[]> {
  const best: Near[] = []
  for (let row = 0; row < keys.length; row++) {
    if (row % STRIDE === STRIDE - 1) await new Promise((resolve) => setImmediate(resolve))
    const cosine = dot(query, flat.subarray(row * dimensions, (row + 1) * dimensions))
    const key = keys[row]
    if (key === undefined || (best.length >= limit && cosine <= (best.at(-1)?.cosine ?? 0))) continue
    best.splice(best.findLastIndex((near) => near.cosine >= cosine) + 1, 0, { ...key, cosine })
    if (best.length > limit) best.pop()
  }
  return best
}
