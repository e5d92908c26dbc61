import { sql } from 'kysely'
import type { Db, Tx } from '../connect.ts'
import type { DocumentKey } from './documents.ts'

export type ChunkKey = Readonly<{ documentN: number; n: number }>
/** `body` is the document's content from `start` on: the chunk's text, then the white space up to the next chunk. */
export type ChunkRow = Readonly<{
  n: number
  startLine: number
  endLine: number
  start: number
  end: number
  body: string
}>
/** One vector per chunk in their order, float32, little endian. */
export type ChunkVectors = Readonly<{ model: string; dimensions: number; bytes: Buffer }>

/**
 * Holds a document for the transaction that writes its chunks. False: it is indexed already, or gone. The collection is held
 * first, in the order in which a deletion of the run takes them: the other way round the two would deadlock.
 */
export async function holdUnindexed(tx: Tx, { collectionId, n }: DocumentKey): Promise<boolean> {
  const collection = await tx
    .selectFrom('collections')
    .select('id')
    .where('id', '=', collectionId)
    .forKeyShare()
    .execute()
  const document = await tx
    .selectFrom('documents')
    .select('indexed')
    .where('collection_id', '=', collectionId)
    .where('n', '=', n)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return collection.length === 1 && document?.indexed === false
}

/** Writes a batch of chunks in one statement; the vectors travel as one value and are cut apart by the server. */
export async function insertChunks(
  tx: Tx,
  document: DocumentKey & Readonly<{ workspaceId: number }>,
  chunks: readonly ChunkRow[],
  vectors: ChunkVectors | null,
): Promise<void> {
  const width = (vectors?.dimensions ?? 0) * Float32Array.BYTES_PER_ELEMENT
  await sql`insert into flotilla.chunks
      (collection_id, document_n, n, workspace_id, start_line, end_line, start_at, end_at, body, embedding, embedding_model)
    select ${document.collectionId}::bigint, ${document.n}::int, n, ${document.workspaceId}::bigint, start_line, end_line,
      start_at, end_at, body, substring(${vectors?.bytes ?? null}::bytea from ((row - 1) * ${width}::int + 1)::int for ${width}::int),
      ${vectors?.model ?? null}::text
    from unnest(${chunks.map((c) => c.n)}::int[], ${chunks.map((c) => c.startLine)}::int[], ${chunks.map((c) => c.endLine)}::int[],
      ${chunks.map((c) => c.start)}::int[], ${chunks.map((c) => c.end)}::int[], ${chunks.map((c) => c.body)}::text[])
      with ordinality as given (n, start_line, end_line, start_at, end_at, body, row)`.execute(tx)
}

export async function markIndexed(tx: Tx, { collectionId, n }: DocumentKey): Promise<void> {
  await tx
    .updateTable('documents')
    .set({ indexed: true })
    .where('collection_id', '=', collectionId)
    .where('n', '=', n)
    .execute()
}

/** Characters of a collection's text that have a vector of this model. */
export async function embeddedChars(db: Db | Tx, collectionId: number, model: string): Promise<number> {
  const row = await db
    .selectFrom('chunks')
    .select(sql<number>`coalesce(sum(end_at - start_at), 0)`.as('chars'))
    .where('collection_id', '=', collectionId)
    .where('embedding_model', '=', model)
    .executeTakeFirstOrThrow()
  return row.chars
}

export type VectorRow = ChunkKey & Readonly<{ model: string; embedding: Buffer }>

/** A page of a collection's vectors in the order of documents and chunks, after a key. */
export async function vectorPage(
  db: Db | Tx,
  { collectionId, after, limit }: Readonly<{ collectionId: number; after: ChunkKey; limit: number }>,
): Promise<VectorRow[]> {
  const { rows } = await sql<VectorRow>`select document_n as "documentN", n, embedding_model as model, embedding
    from flotilla.chunks
    where collection_id = ${collectionId} and (document_n, n) > (${after.documentN}::int, ${after.n}::int) and embedding is not null
    order by document_n, n limit ${limit}`.execute(db)
  return rows
}

export type ChunkView = ChunkRow & ChunkKey & Readonly<{ document: string }>

/** The chunks of these keys, in any order. */
export async function readChunks(
  db: Db | Tx,
  { collectionId, keys }: Readonly<{ collectionId: number; keys: readonly ChunkKey[] }>,
): Promise<ChunkView[]> {
  const { rows } =
    await sql<ChunkView>`select c.document_n as "documentN", c.n, d.name as document, c.start_line as "startLine",
      c.end_line as "endLine", c.start_at as start, c.end_at as "end", c.body
    from unnest(${keys.map((key) => key.documentN)}::int[], ${keys.map((key) => key.n)}::int[]) as wanted (document_n, n)
    join flotilla.chunks c on c.collection_id = ${collectionId} and c.document_n = wanted.document_n and c.n = wanted.n
    join flotilla.documents d on d.collection_id = c.collection_id and d.n = c.document_n`.execute(db)
  return rows
}
