import type { DocumentView } from '@flotilla/domain'
import type { Tx } from '../connect.ts'

export type DocumentPage = Readonly<{ items: DocumentView[]; next: number | null }>

/** A run's documents in the order they were given in; `after` is a number in it, or null. */
export async function listRunDocuments(
  tx: Tx,
  input: Readonly<{ runId: number; after: number | null; limit: number }>,
): Promise<DocumentPage> {
  const rows = await documentsOf(tx, input.runId)
    .select(['d.n', 'd.name', 'd.media_type', 'd.size_bytes', 'd.lines', 'd.pages', 'd.sha256', 'd.indexed'])
    .where('d.n', '>', input.after ?? -1)
    .orderBy('d.n')
    .limit(input.limit + 1)
    .execute()
  const page = rows.slice(0, input.limit)
  const items = page.map((row) => ({
    name: row.name,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    lines: row.media_type === null ? row.lines : null,
    pages: row.pages,
    sha256: row.sha256,
    prepared: row.indexed,
  }))
  return { items, next: rows.length > input.limit ? (page.at(-1)?.n ?? null) : null }
}

/** `content`: text, or the bytes of an image or a PDF, whose `mediaType` is set. */
export type DocumentContent = Readonly<{ mediaType: string | null; sha256: string; content: string | Buffer }>

/** One document with its content; null when the run has none of this name. */
export async function readRunDocument(tx: Tx, runId: number, name: string): Promise<DocumentContent | null> {
  const row = await documentsOf(tx, runId)
    .select(['d.media_type', 'd.sha256', 'd.content', 'd.media'])
    .where('d.name', '=', name)
    .executeTakeFirst()
  return row === undefined ? null : { mediaType: row.media_type, sha256: row.sha256, content: row.media ?? row.content }
}

const documentsOf = (tx: Tx, runId: number) =>
  tx
    .selectFrom('run_specs as s')
    .innerJoin('documents as d', 'd.collection_id', 's.collection_id')
    .where('s.run_id', '=', runId)
