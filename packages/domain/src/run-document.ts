import * as v from 'valibot'
import { isText } from './json.ts'
import { MEDIA_TYPES, SIGNATURE_BYTES, sniffMediaType } from './media-type.ts'

/** Images and PDFs of one run: every task of it is shown all of them. */
export const MAX_MEDIA_FILES = 20
export const MAX_MEDIA_FILE_BYTES = 20 * 1024 * 1024
/** Of all of a run. As base64, with a conversation around them, they still fit into a provider's request of 32 MB. */
export const MAX_MEDIA_BYTES = 22 * 1024 * 1024

const READABLE = `${MEDIA_TYPES.slice(0, -1).join(', ')} and ${MEDIA_TYPES.at(-1)}`

const name = v.pipe(
  v.string(),
  v.minLength(1, 'a document needs a name'),
  v.maxLength(200, 'expected at most 200 characters'),
  v.regex(/^[^[\]\p{Cc}]+$/u, 'a document name holds no control characters and no square brackets'),
)

const EITHER = 'a document has either "content" (text), or "mediaType" and "data" (an image or a PDF)'

const TextDocumentSchema = v.strictObject({
  name,
  content: v.pipe(
    v.string('expected the content as text'),
    v.minLength(1, 'the document is empty'),
    v.check(isText, 'the document is not text: it holds NUL characters or broken Unicode. Send text or Markdown'),
  ),
  mediaType: v.exactOptional(v.never(EITHER)),
  data: v.exactOptional(v.never(`${EITHER}: "mediaType" is missing`)),
})

/** `data` is base64 (RFC 4648, with padding) of a file whose first bytes are those of its type. */
const MediaDocumentSchema = v.pipe(
  v.strictObject({
    name,
    mediaType: v.picklist(MEDIA_TYPES),
    data: v.pipe(
      v.string('expected the data as base64'),
      v.minLength(1, 'the document is empty'),
      v.check(
        isBase64,
        'the data is not base64: expected A–Z, a–z, 0–9, "+" and "/", padded with "=", without line breaks',
      ),
    ),
    content: v.exactOptional(v.never(EITHER)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.issues) return
    const message = flawOf(dataset.value)
    if (message !== null) addIssue({ message, path: [itemOf(dataset.value, 'data')] })
  }),
)

/**
 * Text, or an image or a PDF that every task of the run is shown. A variant rather than a union: what is wrong with a
 * document is then told at its own path.
 */
export const DocumentSchema = v.pipe(
  v.variant('mediaType', [TextDocumentSchema, MediaDocumentSchema], variantMessage),
  v.metadata({ ref: 'Document' }),
)
export type RunDocument = v.InferOutput<typeof DocumentSchema>
export type TextDocument = v.InferOutput<typeof TextDocumentSchema>
export type MediaDocument = v.InferOutput<typeof MediaDocumentSchema>

export const isMediaDocument = (document: RunDocument): document is MediaDocument => document.data !== undefined

export const DocumentsSchema = v.pipe(
  v.array(DocumentSchema),
  v.maxLength(1_000, 'expected at most 1,000 documents'),
  v.rawCheck(distinctNames),
  v.rawCheck(mediaLimits),
)

function variantMessage({ input, received, expected }: v.VariantIssue): string {
  if (expected === 'Object') return `${EITHER}, each with a "name"; found ${received}`
  const found = typeof input === 'string' ? input.slice(0, 100) : received
  return `a model reads ${READABLE}; found ${found}. Convert it${found.startsWith('text/') ? ', or send it as "content"' : ''}`
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

/** Bytes of what is base64. */
export const decodedBytes = (data: string): number =>
  (data.length / 4) * 3 - (data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0)

function flawOf({ mediaType, data }: MediaDocument): string | null {
  const bytes = decodedBytes(data)
  if (bytes > MAX_MEDIA_FILE_BYTES)
    return `the file has ${mebibytes(bytes)}; an image or a PDF has at most ${mebibytes(MAX_MEDIA_FILE_BYTES)}`
  const head = atob(data.slice(0, Math.ceil(SIGNATURE_BYTES / 3) * 4))
  const found = sniffMediaType(Uint8Array.from(head, (byte) => byte.charCodeAt(0)))
  if (found === mediaType) return null
  return found === null
    ? `the data is no ${mediaType} by its first bytes`
    : `the data is ${found} by its first bytes, "mediaType" says ${mediaType}`
}

const mebibytes = (bytes: number): string => `${Math.ceil((bytes / 1024 / 1024) * 10) / 10} MiB`

/** A citation names its document, so a name means one document. */
function distinctNames({ dataset, addIssue }: v.RawCheckContext<RunDocument[]>): void {
  if (!dataset.typed) return
  const documents = dataset.value
  const seen = new Map<string, number>()
  documents.forEach((document, i) => {
    const first = seen.get(document.name)
    if (first === undefined) seen.set(document.name, i)
    else
      addIssue({
        message: `document ${first} is named "${document.name}" already`,
        path: [entryOf(documents, i), itemOf(document, 'name')],
      })
  })
}

/** Told at the first document that is too many. */
function mediaLimits({ dataset, addIssue }: v.RawCheckContext<RunDocument[]>): void {
  if (!dataset.typed || dataset.issues) return
  const documents = dataset.value
  let files = 0
  let bytes = 0
  for (const [i, document] of documents.entries()) {
    if (!isMediaDocument(document)) continue
    files += 1
    bytes += decodedBytes(document.data)
    const message =
      files > MAX_MEDIA_FILES
        ? `a run takes at most ${MAX_MEDIA_FILES} images and PDFs`
        : bytes > MAX_MEDIA_BYTES
          ? `the images and PDFs so far have ${mebibytes(bytes)}; a run takes at most ${mebibytes(MAX_MEDIA_BYTES)} of them`
          : null
    if (message === null) continue
    addIssue({ message, path: [entryOf(documents, i)] })
    return
  }
}

const entryOf = (input: RunDocument[], key: number): v.ArrayPathItem => ({
  type: 'array',
  origin: 'value',
  input,
  key,
  value: input[key],
})
const itemOf = (input: RunDocument, key: 'name' | 'data'): v.ObjectPathItem => ({
  type: 'object',
  origin: 'value',
  input,
  key,
  value: input[key],
})
