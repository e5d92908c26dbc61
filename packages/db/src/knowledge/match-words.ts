import { sql } from 'kysely'
import type { Db, Tx } from '../connect.ts'
import type { ChunkKey } from './chunks.ts'

/** `coverage`: the share of the query's words that the chunk holds, 0 to 1, rare words counting more. */
export type WordMatch = ChunkKey & Readonly<{ coverage: number }>

/** Each word is a bit of an int4. */
const MAX_WORDS = 24
/** Matches that are ranked by how close their words stand, which costs fifteen times as much as finding one. */
const MAX_RANKED = 300

/**
 * The chunks that hold any word of a natural-language query, those with the greatest share of it first, and among equals those
 * where the words stand close together. Never an error, whatever the query is; empty without a word that counts.
 */
export async function matchWords(
  db: Db | Tx,
  { collectionId, query, limit }: Readonly<{ collectionId: number; query: string; limit: number }>,
): Promise<WordMatch[]> {
  const words = await queryWords(db, query)
  if (words.length === 0) return []
  const groups = coverageOf(await groupByWords(db, collectionId, words), words.length)
  const matches = groups.flatMap(({ documents, numbers, coverage }) =>
    documents.map((documentN, at) => ({ documentN, n: numbers[at] ?? 0, coverage })),
  )
  return rankEquals(db, { collectionId, words, limit }, matches.slice(0, MAX_RANKED))
}

/** The first words of a query as lexemes, quoted for a tsquery; without stop words and symbols. */
async function queryWords(db: Db | Tx, query: string): Promise<string[]> {
  const { rows } = await sql<{ lexeme: string }>`select lexeme from unnest(to_tsvector('english', ${query}))
    order by positions[1], lexeme limit ${MAX_WORDS}`.execute(db)
  return rows.map(({ lexeme }) => `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`)
}

/** The chunks that hold the same words of the query: how many, and the first of them. A word is the bit of its place. */
type Group = Readonly<{ mask: number; chunks: number; documents: number[]; numbers: number[] }>

/**
 * Reads all chunks of the collection. `words @@ query` is not leakproof, so under row-level security no index on it serves the
 * app role; and the index holds all collections, whose list of a common word is longer than one collection. The weights are
 * worked out by the caller: joins on what was found here are planned blindly while a new collection has no statistics.
 */
async function groupByWords(db: Db | Tx, collectionId: number, words: readonly string[]): Promise<Group[]> {
  const bits = words.map((word, bit) => sql`((words @@ ${word}::tsquery)::int << ${sql.lit(bit)})`)
  const { rows } = await sql<Group>`
    select mask, count(*) as chunks,
      coalesce((array_agg(document_n order by document_n, n) filter (where mask > 0))[1:${sql.lit(MAX_RANKED)}], '{}') as documents,
      coalesce((array_agg(n order by document_n, n) filter (where mask > 0))[1:${sql.lit(MAX_RANKED)}], '{}') as numbers
    from (
      select document_n, n, ${sql.join(bits, sql` | `)} as mask
      from (  -- "offset 0" keeps the planner from unpacking a chunk's words once per word of the query
        select document_n, n, strip(words) as words from flotilla.chunks where collection_id = ${collectionId} offset 0
      ) flat
    ) hits group by mask`.execute(db)
  return rows
}

/** The groups that hold any word, with the share of the words' weight that each holds, best first. */
function coverageOf(groups: readonly Group[], words: number): (Group & { coverage: number })[] {
  const sumOf = (some: readonly Group[]) => some.reduce((sum, group) => sum + group.chunks, 0)
  const total = sumOf(groups)
  const weights = Array.from({ length: words }, (_, bit) => {
    const holding = sumOf(groups.filter((group) => group.mask & (1 << bit)))
    return Math.log(1 + (total - holding + 0.5) / (holding + 0.5))
  })
  const weightOf = (mask: number) => weights.reduce((sum, weight, bit) => sum + (mask & (1 << bit) ? weight : 0), 0)
  const whole = weightOf(-1)
  return groups
    .filter((group) => group.mask > 0)
    .map((group) => ({ ...group, coverage: weightOf(group.mask) / whole }))
    .toSorted((a, b) => b.coverage - a.coverage || a.mask - b.mask)
}

async function rankEquals(
  db: Db | Tx,
  { collectionId, words, limit }: Readonly<{ collectionId: number; words: readonly string[]; limit: number }>,
  matches: readonly WordMatch[],
): Promise<WordMatch[]> {
  const { rows } = await sql<WordMatch>`
    select document_n as "documentN", n, coverage
    from unnest(${matches.map((match) => match.documentN)}::int[], ${matches.map((match) => match.n)}::int[],
        ${matches.map((match) => match.coverage)}::float8[]) as found (document_n, n, coverage)
      cross join lateral (
        select ts_rank_cd(words, ${words.join(' | ')}::tsquery, 1) as closeness from flotilla.chunks c
        where c.collection_id = ${collectionId} and c.document_n = found.document_n and c.n = found.n limit 1
      ) ranked
    order by coverage desc, closeness desc, document_n, n
    limit ${limit}`.execute(db)
  return rows
}
