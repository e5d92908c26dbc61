import { sql } from 'kysely'
import type { Db, Tx } from '../connect.ts'
import type { ChunkKey } from './chunks.ts'

/** `coverage`: the share of the query's words that the chunk holds, 0 to 1, rare words counting more. */
export type WordMatch = ChunkKey & Readonly<{ coverage: number }>

/** Each word is a bit of an int4. */
const MAX_WORDS = 24
/** Matches that are ranked by how close their words stand: that rank costs fifteen times a match. */
const RANKED = 300

/**
 * The chunks that hold any word of a natural-language query, those with the greatest share of it first, and among equals those
 * where the words stand close together. Never an error, whatever the query is; empty without a word that counts.
 *
 * Reads all chunks of the collection. `words @@ query` is not leakproof, so under row-level security no index on it can serve
 * the app role; and over all collections the index's list of a common word is longer than one collection.
 */
export async function matchWords(
  db: Db | Tx,
  { collectionId, query, limit }: Readonly<{ collectionId: number; query: string; limit: number }>,
): Promise<WordMatch[]> {
  const words = await queryWords(db, query)
  if (words.length === 0) return []
  const bits = sql.join(words.map((word, bit) => sql`(words @@ ${word}::tsquery)::int << ${sql.lit(bit)}`), sql` | `)
  const { rows } = await sql<WordMatch>`
    with flat as materialized (  -- unpacks each list of words once, not once per word
      select document_n, n, strip(words) as words from flotilla.chunks where collection_id = ${collectionId}
    ), hits as materialized (
      select document_n, n, ${bits} as mask from flat
    ), masks as materialized (
      select mask, count(*) as chunks from hits group by mask
    ), weights as materialized (
      select bit, ln(1 + (total - holding + 0.5) / (holding + 0.5)) as weight
      from (select sum(chunks)::float8 as total from masks) t,
        (select bit, coalesce(sum(chunks) filter (where mask & (1 << bit) <> 0), 0)::float8 as holding
          from generate_series(0, ${words.length - 1}::int) bit, masks group by bit) h
    ), covers as materialized (
      select mask, sum(weight) / (select sum(weight) from weights) as coverage
      from masks join weights on mask & (1 << bit) <> 0 group by mask
    ), best as materialized (
      select document_n, n, coverage from hits join covers using (mask)
      order by coverage desc, document_n, n limit ${Math.max(RANKED, limit)}
    )
    select document_n as "documentN", n, coverage
    from best join flotilla.chunks c using (document_n, n)
    where c.collection_id = ${collectionId}
    order by coverage desc, ts_rank_cd(c.words, ${words.join(' | ')}::tsquery, 1) desc, document_n, n
    limit ${limit}`.execute(db)
  return rows
}

/** The first words of a query as lexemes, quoted for a tsquery; without stop words and symbols. */
async function queryWords(db: Db | Tx, query: string): Promise<string[]> {
  const { rows } = await sql<{ lexeme: string }>`select lexeme from unnest(to_tsvector('english', ${query}))
    order by positions[1], lexeme limit ${MAX_WORDS}`.execute(db)
  return rows.map(({ lexeme }) => `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`)
}
