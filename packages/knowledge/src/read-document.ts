import { documentContent, documentHeads, documentMedia, type Db, type Tx } from '@flotilla/db'
import { blocks } from './chunking/blocks.ts'
import type { MediaCache } from './media-cache.ts'
import { reading, type Scope } from './scope.ts'

export type DocumentDeps = Readonly<{ db: Db | Tx }>
export type DocumentSummary = Readonly<{
  name: string
  lines: number
  sizeBytes: number
  /** The first heading near the document's beginning; null when there is none. */
  firstHeading: string | null
}>

/** A document's whole content, of an image or a PDF its type; null when the collection has none of this name. */
export async function readDocument(
  { db }: DocumentDeps,
  input: Scope & Readonly<{ name: string }>,
): Promise<string | Readonly<{ mediaType: string }> | null> {
  const found = await reading(db, input, (tx) => documentContent(tx, input.collectionId, input.name))
  if (found === null) return null
  return found.mediaType === null ? found.content : { mediaType: found.mediaType }
}

/** The bytes of an image or a PDF as base64; null when the collection has none of this name. A document never changes. */
export const loadMedia = (
  { db, cache }: DocumentDeps & Readonly<{ cache: MediaCache }>,
  input: Scope & Readonly<{ name: string }>,
): Promise<string | null> =>
  cache.get(JSON.stringify([input.workspaceId, input.collectionId, input.name]), async () => {
    const bytes = await reading(db, input, (tx) => documentMedia(tx, input.collectionId, input.name))
    return bytes?.toString('base64') ?? null
  })

/** What a collection holds, in the order it was given in. */
export async function listDocuments({ db }: DocumentDeps, input: Scope): Promise<DocumentSummary[]> {
  const documents = await reading(db, input, (tx) => documentHeads(tx, input.collectionId))
  return documents.map(({ name, lines, sizeBytes, head }) => {
    const isWhole = Buffer.byteLength(head) === sizeBytes
    return {
      name,
      lines,
      sizeBytes,
      firstHeading: firstHeading(isWhole ? head : head.slice(0, head.lastIndexOf('\n'))),
    }
  })
}

/** Of whole lines: one that is cut off is no title. */
function firstHeading(head: string): string | null {
  for (const block of blocks(head)) if (block?.kind === 'heading' && block.title !== '') return block.title
  return null
}
