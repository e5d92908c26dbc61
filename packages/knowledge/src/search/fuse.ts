import type { ChunkKey } from '@flotilla/db'

/** A chunk's place in one ranking: what the place is worth, 0 to 1, and whether it alone shows that the chunk is to the point. */
export type Vote = ChunkKey & Readonly<{ weight: number; relevant: boolean }>
export type Ranked = ChunkKey & Readonly<{ score: number }>

/** Damps the difference between the first places (Cormack, Clarke and Büttcher 2009). */
const K = 60

/**
 * Reciprocal rank fusion with weighted places: a chunk that shares one common word with the question, and leads the ranking
 * by words for want of better ones, must not outvote what the other ranking is sure of. Best first, equals in the order of
 * documents; without the chunks that no ranking finds relevant.
 */
export function fuse(rankings: readonly (readonly Vote[])[]): Ranked[] {
  const found = new Map<string, { key: ChunkKey; score: number; relevant: boolean }>()
  for (const ranking of rankings)
    ranking.forEach(({ documentN, n, weight, relevant }, at) => {
      const name = `${documentN}:${n}`
      const entry = found.get(name) ?? { key: { documentN, n }, score: 0, relevant: false }
      entry.score += weight / (K + at + 1)
      entry.relevant ||= relevant
      found.set(name, entry)
    })
  return [...found.values()]
    .filter((entry) => entry.relevant)
    .map(({ key, score }) => ({ ...key, score }))
    .toSorted((a, b) => b.score - a.score || a.documentN - b.documentN || a.n - b.n)
}
