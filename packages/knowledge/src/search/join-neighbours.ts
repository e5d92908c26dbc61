import type { ChunkView } from '@flotilla/db'
import type { Passage } from '@flotilla/domain'

export type ScoredChunk = ChunkView & Readonly<{ score: number }>

/** Characters of a joined passage at most. */
const MAX_CHARS = 4_800

/**
 * Passages out of the chunks that were found: what stands side by side in a document becomes one, with the best score of its
 * parts. Best first, equals in the order of documents.
 */
export function joinNeighbours(chunks: readonly ScoredChunk[]): Passage[] {
  const inOrder = chunks.toSorted((a, b) => a.documentN - b.documentN || a.n - b.n)
  const groups: ScoredChunk[][] = []
  for (const chunk of inOrder) {
    const group = groups.at(-1)
    if (group && continues(group, chunk)) group.push(chunk)
    else groups.push([chunk])
  }
  return groups.map(passageOf).toSorted((a, b) => b.score - a.score)
}

/** `body` reaches up to the next chunk, unless the white space between is too wide to be kept. */
function continues(group: readonly ScoredChunk[], chunk: ScoredChunk): boolean {
  const [first, last] = [group[0], group.at(-1)]
  if (!first || !last || last.documentN !== chunk.documentN) return false
  return last.start + last.body.length === chunk.start && chunk.end - first.start <= MAX_CHARS
}

function passageOf(group: readonly ScoredChunk[]): Passage {
  const [first, last] = [group[0], group.at(-1)]
  if (!first || !last) throw new Error('a passage needs at least one chunk, found none')
  return {
    document: first.document,
    startLine: first.startLine,
    endLine: last.endLine,
    start: first.start,
    end: last.end,
    text: group
      .map((chunk) => chunk.body)
      .join('')
      .slice(0, last.end - first.start),
    score: Math.max(...group.map((chunk) => chunk.score)),
  }
}
