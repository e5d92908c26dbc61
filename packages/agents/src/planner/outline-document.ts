import type { DocumentInfo } from '../brief.ts'

/** A document as a planner sees it: `heading` is its first heading, or the beginning of its first line. */
export type DocumentOutline = DocumentInfo & Readonly<{ heading: string | null }>

const HEADING = /^ {0,3}#{1,6}[ \t]+(\S.*)$/m
const MAX_HEADING_CHARS = 120
/** Where a heading is looked for. */
const HEAD_CHARS = 4_000

/** An image or a PDF: its name says what it is of. */
export const outlineMedia = (shown: Omit<DocumentOutline, 'lines' | 'heading'>): DocumentOutline => ({
  ...shown,
  lines: 0,
  heading: null,
})

export function outlineDocument(name: string, content: string): DocumentOutline {
  const feeds = content.split('\n').length - 1
  const head = content.slice(0, HEAD_CHARS)
  const heading = (HEADING.exec(head)?.[1] ?? head.split('\n').find((line) => line.trim() !== '') ?? '').trim()
  return {
    name,
    lines: content === '' ? 0 : feeds + (content.endsWith('\n') ? 0 : 1),
    sizeBytes: Buffer.byteLength(content),
    mediaType: null,
    pages: null,
    heading: heading === '' ? null : heading.slice(0, MAX_HEADING_CHARS).toWellFormed(),
  }
}
