/** What a model can be shown beside text. */
export const MEDIA_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf'] as const
export type MediaType = (typeof MEDIA_TYPES)[number]

export const isModelMedia = (type: string): type is MediaType => (MEDIA_TYPES as readonly string[]).includes(type)

/** How many bytes of a file's beginning tell its type: a PDF's mark may stand behind something else. */
export const SIGNATURE_BYTES = 1_024

const PDF = '%PDF-'

/** By the bytes that files of each type begin with, as Latin-1. */
const SIGNATURES: readonly (readonly [type: string, at: number, bytes: string])[] = [
  ['image/png', 0, '\u0089PNG\r\n\u001A\n'],
  ['image/jpeg', 0, '\u00FF\u00D8\u00FF'],
  ['image/gif', 0, 'GIF87a'],
  ['image/gif', 0, 'GIF89a'],
  ['image/webp', 8, 'WEBP'],
  ['image/tiff', 0, 'II*\u0000'],
  ['image/tiff', 0, 'MM\u0000*'],
  ['image/bmp', 0, 'BM'],
  ['image/avif', 4, 'ftypavif'],
  ['image/heic', 4, 'ftyphei'],
  ['image/heic', 4, 'ftypmif1'],
  ['application/zip', 0, 'PK\u0003\u0004'],
]

/**
 * The media type of a file by its first bytes, of which `SIGNATURE_BYTES` are enough: one that a model reads, or another
 * one that people take for such; null where they say nothing.
 */
export function sniffMediaType(bytes: Uint8Array): string | null {
  const head = String.fromCharCode(...bytes.subarray(0, SIGNATURE_BYTES))
  const found = SIGNATURES.find(([, at, signature]) => head.startsWith(signature, at))
  if (found !== undefined) return found[0]
  return head.includes(PDF) ? 'application/pdf' : null
}
