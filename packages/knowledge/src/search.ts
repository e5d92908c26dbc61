import { indexMark, matchWords, readChunks, type Db, type Tx, type WordMatch } from '@flotilla/db'
import type { Passage } from '@flotilla/domain'
import { createHashedEmbeddings } from './embedding/hashed.ts'
import type { EmbeddingProvider } from './embedding/provider.ts'
import { reading, type Scope } from './scope.ts'
import { fuse, type Vote } from './search/fuse.ts'
import { joinNeighbours } from './search/join-neighbours.ts'
import type { VectorCache } from './search/vector-cache.ts'
import { nearest, readVectorSpaces, type VectorSpace } from './search/vector-space.ts'

export type SearchDeps = Readonly<{ db: Db | Tx; embeddings: EmbeddingProvider; vectors: VectorCache }>
export type SearchInput = Scope & Readonly<{ query: string; limit: number }>

/** Places of each ranking that vote. */
const CANDIDATES = 50
const MAX_LIMIT = 50
/** A longer query is read from its beginning. */
const MAX_QUERY_CHARS = 2_000
const MAX_EMBEDDED_QUERY_CHARS = 600

/**
 * From where on a ranking alone shows that a chunk is to the point: the cosine of a model's vector, of a hashed one, and the
 * share of the query's words, less of it where no model has read the chunk.
 */
const RELEVANT = { model: 0.3, hashed: 0.25, words: 0.3, wordsAlone: 0.1 }

const hashed = createHashedEmbeddings()

/**
 * The passages of a collection that fit a query best, `limit` chunks' worth of them, neighbours joined; empty when nothing is
 * to the point. Full text and vectors vote. Without vectors, or while the model is unavailable, the words decide alone.
 */
export async function searchKnowledge(deps: SearchDeps, input: SearchInput): Promise<Passage[]> {
  const query = input.query.slice(0, MAX_QUERY_CHARS).replaceAll('\0', ' ').trim()
  const limit = Math.min(Math.max(Math.trunc(input.limit), 0), MAX_LIMIT)
  if (query === '' || limit === 0) return []
  // Before the first statement: a transaction must not wait for the model to load.
  const vectors = await queryVectors(deps.embeddings, query.slice(0, MAX_EMBEDDED_QUERY_CHARS))
  return reading(deps.db, input, async (db) => {
    const { collectionId } = input
    const mark = await indexMark(db, collectionId)
    if (mark === '') return []
    const spaces = await deps.vectors.spaces(collectionId, mark, () => readVectorSpaces(db, collectionId))
    const byVectors = await Promise.all(spaces.map((space) => vectorVotes(space, vectors)))
    const matches = await matchWords(db, { collectionId, query, limit: CANDIDATES })
    const ranked = fuse([...byVectors, wordVotes(matches, documentsRead(spaces, vectors))]).slice(0, limit)
    const scores = new Map(ranked.map(({ documentN, n, score }) => [`${documentN}:${n}`, score]))
    const chunks = await readChunks(db, { collectionId, keys: ranked })
    return joinNeighbours(
      chunks.map((chunk) => ({ ...chunk, score: scores.get(`${chunk.documentN}:${chunk.n}`) ?? 0 })),
    )
  })
}

type QueryVectors = ReadonlyMap<string, Float32Array>

async function queryVectors(embeddings: EmbeddingProvider, query: string): Promise<QueryVectors> {
  const vectors = new Map<string, Float32Array>()
  for (const provider of [embeddings, hashed]) {
    const vector = (await provider.embed([query]))?.[0]
    if (vector) vectors.set(provider.name, vector)
  }
  return vectors
}

/** A hashed vector's place weighs as much as it is close: the best of few alike chunks need not be good. */
async function vectorVotes(space: VectorSpace, queries: QueryVectors): Promise<Vote[]> {
  const query = queries.get(space.model)
  if (query?.length !== space.dimensions) return []
  const isHashed = space.model === hashed.name
  const near = await nearest(space, query, CANDIDATES)
  return near.map(({ documentN, n, cosine }) => ({
    documentN,
    n,
    weight: isHashed ? Math.max(0, cosine) : 1,
    relevant: cosine >= (isHashed ? RELEVANT.hashed : RELEVANT.model),
  }))
}

/** The documents that the model behind these queries has read: it reads a document whole or not at all. */
const documentsRead = (spaces: readonly VectorSpace[], queries: QueryVectors): ReadonlySet<number> =>
  new Set(
    spaces
      .filter(({ model }) => model !== hashed.name && queries.has(model))
      .flatMap(({ keys }) => keys.map((key) => key.documentN)),
  )

const wordVotes = (matches: readonly WordMatch[], read: ReadonlySet<number>): Vote[] =>
  matches.map(({ documentN, n, coverage }) => ({
    documentN,
    n,
    weight: coverage,
    relevant: coverage >= (read.has(documentN) ? RELEVANT.words : RELEVANT.wordsAlone),
  }))
