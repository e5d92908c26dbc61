import { MAX_MEDIA_FILE_BYTES, isModelMedia, isText, sniffMediaType, type RunDocument } from '@flotilla/domain'
import { bytes } from '../format/quantities.ts'

/** A file as a run takes it, or why it takes it not. */
export type DocumentRead =
  | Readonly<{ ok: true; document: RunDocument; sizeBytes: number }>
  | Readonly<{ ok: false; problem: string }>

const MEDIA_NAME = /\.(?:png|jpe?g|gif|webp|pdf)$/i
/** The body of a new run has 32 MiB at most; what JSON and base64 add to a text stays below that. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024

/** An image or a PDF by its name, all else as text. */
export async function readDocument(file: File): Promise<DocumentRead> {
  const no = (problem: string): DocumentRead => ({ ok: false, problem: `${file.name} ${problem}` })
  if (/[[\]\p{Cc}]/u.test(file.name) || file.name.length > 200)
    return no('cannot be called that: at most 200 characters, no square brackets. Rename it')
  if (file.size === 0) return no('is empty')
  return MEDIA_NAME.test(file.name) ? readMedia(file, no) : readText(file, no)
}

type No = (problem: string) => DocumentRead

async function readMedia(file: File, no: No): Promise<DocumentRead> {
  if (file.size > MAX_MEDIA_FILE_BYTES)
    return no(`has ${bytes(file.size)}; an image or a PDF has at most ${bytes(MAX_MEDIA_FILE_BYTES)}. Make it smaller`)
  const content = new Uint8Array(await file.arrayBuffer())
  const mediaType = sniffMediaType(content)
  if (mediaType === null || !isModelMedia(mediaType))
    return no('is no image and no PDF that a model reads. Convert it to PNG, JPEG, GIF, WebP or PDF')
  return { ok: true, document: { name: file.name, mediaType, data: base64(content) }, sizeBytes: file.size }
}

async function readText(file: File, no: No): Promise<DocumentRead> {
  if (file.size > MAX_TEXT_BYTES)
    return no(`has ${bytes(file.size)}; a text has at most ${bytes(MAX_TEXT_BYTES)}. Split it`)
  try {
    const content = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
    if (!isText(content)) return no('is no text: it holds NUL characters. Use text or Markdown')
    if (content.trim() === '') return no('holds only blanks')
    return { ok: true, document: { name: file.name, content }, sizeBytes: file.size }
  } catch {
    return no('is no UTF-8 text. Convert it to text, Markdown or PDF')
  }
}

const CHUNK = 32_768

function base64(content: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < content.length; at += CHUNK) binary += String.fromCharCode(...content.subarray(at, at + CHUNK))
  return btoa(binary)
}
