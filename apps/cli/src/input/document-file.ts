import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isModelMedia, isText, MAX_MEDIA_FILE_BYTES, sniffMediaType, type RunDocument } from '@flotilla/domain'
import { megabytes } from './megabytes.ts'

export type DocumentFile = Readonly<{ path: string; name: string; bytes: number }>

export type FileRead =
  /** The document without its name. */
  | Readonly<{ ok: true; document: DocumentContent }>
  /** What is no document at all may stay out of a folder's documents; what is one and cannot be sent may not. */
  | Readonly<{ ok: false; problem: string; mayBeSkipped: boolean }>
type Unnamed<D> = D extends unknown ? Omit<D, 'name'> : never
export type DocumentContent = Unnamed<RunDocument>

/** By their names: a text that begins as an image does is no image. */
const MEDIA_NAMES: ReadonlySet<string> = new Set(['.png', '.jpg', '.jpeg', '.gif', '.webp', '.pdf'])

/** A file as a run takes it: an image or a PDF by its name, all else as text. Rejects where it cannot be read. */
export async function readDocumentFile(file: DocumentFile, maxTextBytes: number): Promise<FileRead> {
  if (file.bytes === 0) return no(file, 'is empty', true)
  return MEDIA_NAMES.has(path.extname(file.name).toLowerCase()) ? readMedia(file) : readText(file, maxTextBytes)
}

const no = (file: DocumentFile, problem: string, mayBeSkipped: boolean): FileRead => ({
  ok: false,
  problem: `${file.path} ${problem}`,
  mayBeSkipped,
})

async function readMedia(file: DocumentFile): Promise<FileRead> {
  const { bytes } = file
  if (bytes > MAX_MEDIA_FILE_BYTES) {
    const most = megabytes(MAX_MEDIA_FILE_BYTES)
    return no(file, `has ${megabytes(bytes)}; an image or a PDF has at most ${most}. Make it smaller`, false)
  }
  const content = await readFile(file.path)
  const mediaType = sniffMediaType(content)
  if (mediaType !== null && isModelMedia(mediaType))
    return { ok: true, document: { mediaType, data: content.toString('base64') } }
  const found = mediaType === null ? 'its content is of no type that is known' : `it is ${mediaType}`
  return no(
    file,
    `is no image and no PDF that a model reads: ${found}. Convert it to PNG, JPEG, GIF, WebP or PDF`,
    true,
  )
}

async function readText(file: DocumentFile, maxBytes: number): Promise<FileRead> {
  if (file.bytes > maxBytes)
    return no(file, `has ${megabytes(file.bytes)}; a document has at most ${megabytes(maxBytes)}. Split it`, false)
  const text = decoded(await readFile(file.path))
  if (text === null) return no(file, 'is no UTF-8 text. Convert it to text or Markdown', true)
  if (!isText(text)) return no(file, 'is no text: it holds NUL characters. Send text or Markdown', true)
  return text.trim() === '' ? no(file, 'holds only blanks', true) : { ok: true, document: { content: text } }
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
