import { sql } from 'kysely'
import type { Db, Tx } from '../connect.ts'

export type DocumentKey = Readonly<{ collectionId: number; n: number }>
/** What a prompt says of a document. `mediaType` null: text; `pages` of a PDF. */
export type DocumentFacts = Readonly<{
  name: string
  lines: number
  sizeBytes: number
  mediaType: string | null
  pages: number | null
}>
export type DocumentHead = Readonly<{
  n: number
  name: string
  lines: number
  sizeBytes: number
  indexed: boolean
  /** The first characters of the content, for its title. */
  head: string
}>

const HEAD_CHARS = 2_000

/** The documents of a collection in the order they were given in, without their contents. */
export const documentHeads = (db: Db | Tx, collectionId: number): Promise<DocumentHead[]> =>
  db
    .selectFrom('documents')
    .select(['n', 'name', 'lines', 'size_bytes as sizeBytes', 'indexed'])
    .select(sql<string>`left(content, ${HEAD_CHARS})`.as('head'))
    .where('collection_id', '=', collectionId)
    .orderBy('n')
    .execute()

/** The whole content of the document of this name, empty where it has a media type; null when the collection has none. */
export async function documentContent(
  db: Db | Tx,
  collectionId: number,
  name: string,
): Promise<Readonly<{ content: string; mediaType: string | null }> | null> {
  const row = await db
    .selectFrom('documents')
    .select(['content', 'media_type as mediaType'])
    .where('collection_id', '=', collectionId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row ?? null
}

/** The bytes of the image or PDF of this name; null when the collection has none. */
export async function documentMedia(db: Db | Tx, collectionId: number, name: string): Promise<Buffer | null> {
  const row = await db
    .selectFrom('documents')
    .select('media')
    .where('collection_id', '=', collectionId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.media ?? null
}

/** The next document after `after` that is not indexed yet; null when there is none. */
export async function nextUnindexed(
  db: Db | Tx,
  { collectionId, after }: Readonly<{ collectionId: number; after: number }>,
): Promise<Readonly<{ n: number; workspaceId: number; content: string }> | null> {
  const row = await db
    .selectFrom('documents')
    .select(['n', 'workspace_id as workspaceId', 'content'])
    .where('collection_id', '=', collectionId)
    .where('n', '>', after)
    .where('indexed', '=', false)
    .orderBy('n')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/**
 * A mark of what a collection's index holds: it changes whenever a document's chunks become visible or go. Costs one short
 * read of the documents, not of their chunks.
 */
export async function indexMark(db: Db | Tx, collectionId: number): Promise<string> {
  const row = await db
    .selectFrom('documents')
    .select(sql<string>`coalesce(md5(string_agg(n || ' ' || sha256, ',' order by n)), '')`.as('mark'))
    .where('collection_id', '=', collectionId)
    .where('indexed', '=', true)
    .executeTakeFirstOrThrow()
  return row.mark
}
