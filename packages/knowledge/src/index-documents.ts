import {
  embeddedChars,
  holdUnindexed,
  insertChunks,
  markIndexed,
  nextUnindexed,
  type ChunkRow,
  type ChunkVectors,
  type Db,
} from '@flotilla/db'
import { chunksOf, type Chunk } from './chunk-document.ts'
import { createHashedEmbeddings } from './embedding/hashed.ts'
import { isEnglish } from './embedding/language.ts'
import type { EmbeddingProvider } from './embedding/provider.ts'
import { reading, writing, type Scope } from './scope.ts'

export type IndexDeps = Readonly<{ db: Db; embeddings: EmbeddingProvider }>
export type IndexInput = Scope & Readonly<{ maxEmbeddedChars?: number }>
/** What this call wrote. */
export type IndexResult = Readonly<{ documents: number; chunks: number }>

/**
 * Characters of a collection that the model reads, at about 0.15 ms each; documents that no longer fit in get hashed vectors.
 * So an index is ready within half a minute, where the model would read thirty megabytes for more than an hour.
 */
const MAX_EMBEDDED_CHARS = 150_000
/** Chunks per statement. */
const BATCH = 250
/** Milliseconds of chunking between two turns of the event loop. */
const SLICE_MS = 10
/** White space after a chunk that is kept with it, so that neighbours join to the exact text again. */
const MAX_GAP = 64

type Document = Readonly<{ collectionId: number; workspaceId: number; n: number; content: string }>

/**
 * Makes the documents of a collection searchable that are not yet, each in one transaction with its `indexed` mark: a crash
 * leaves whole documents behind, and the next call goes on from there. Calls at the same time write nothing twice. `db` is a
 * pool's, not a transaction.
 */
export async function indexCollection(deps: IndexDeps, input: IndexInput): Promise<IndexResult> {
  const { db, embeddings } = deps
  const { collectionId, maxEmbeddedChars = MAX_EMBEDDED_CHARS } = input
  let room = maxEmbeddedChars - (await reading(db, input, (tx) => embeddedChars(tx, collectionId, embeddings.name)))
  let documents = 0
  let chunks = 0
  for (let after = -1; ;) {
    const next = await reading(db, input, (tx) => nextUnindexed(tx, { collectionId, after }))
    if (next === null) return { documents, chunks }
    const pieces = await chunkInSlices(next.content)
    const useModel = next.content.length <= room && isEnglish(next.content)
    const vectors = useModel ? await embeddings.embed(pieces.map(embeddingText)) : null
    if (await writeDocument(deps, input, { collectionId, ...next }, pieces, vectors)) {
      documents++
      chunks += pieces.length
      if (vectors) room -= next.content.length
    }
    after = next.n
  }
}

/** The titles over a chunk, then its text, without the signs of Markdown. */
const embeddingText = ({ headings, text }: Chunk): string =>
  `${headings.join(': ')}\n\n${text.replaceAll(/\s+/g, ' ')}`.replaceAll(/[#*|`>_=~-]+/g, ' ')

async function chunkInSlices(content: string): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  let until = performance.now() + SLICE_MS
  for (const chunk of chunksOf(content)) {
    if (chunk !== null) chunks.push(chunk)
    if (performance.now() < until) continue
    await new Promise((resolve) => setImmediate(resolve))
    until = performance.now() + SLICE_MS
  }
  return chunks
}

/** False: somebody else was faster, or the run is gone. Nothing slow happens inside: idle transactions are cut off. */
function writeDocument(
  { db, embeddings }: IndexDeps,
  scope: Scope,
  document: Document,
  chunks: readonly Chunk[],
  vectors: readonly Float32Array[] | null,
): Promise<boolean> {
  return writing(db, scope, async (tx) => {
    if (!(await holdUnindexed(tx, document))) return false
    for (let from = 0; from < chunks.length; from += BATCH) {
      const batch = chunks.slice(from, from + BATCH)
      const rows = batch.map((chunk, at) => rowOf(document.content, chunk, from + at, chunks[from + at + 1]))
      await insertChunks(
        tx,
        document,
        rows,
        vectors ? packed(embeddings, vectors.slice(from, from + BATCH)) : await hashed(batch),
      )
    }
    await markIndexed(tx, document)
    return true
  })
}

async function hashed(batch: readonly Chunk[]): Promise<ChunkVectors | null> {
  const provider = createHashedEmbeddings()
  const vectors = await provider.embed(batch.map(embeddingText))
  return vectors && packed(provider, vectors)
}

function packed({ name, dimensions }: EmbeddingProvider, vectors: readonly Float32Array[]): ChunkVectors {
  const flat = new Float32Array(vectors.length * dimensions)
  vectors.forEach((vector, at) => flat.set(vector, at * dimensions))
  return { model: name, dimensions, bytes: Buffer.from(flat.buffer) }
}

function rowOf(content: string, chunk: Chunk, n: number, next: Chunk | undefined): ChunkRow {
  const { start, end, startLine, endLine } = chunk
  const joins = next !== undefined && next.start - end <= MAX_GAP
  return { n, startLine, endLine, start, end, body: content.slice(start, joins ? next.start : end) }
}
