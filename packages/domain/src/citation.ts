import * as v from 'valibot'

/**
 * A statement's source. In text it is the marker `[name.md:12]` or `[name.md:12-14]` after the statement: a document's
 * name and its line or lines, counted from 1. `start` and `end` are offsets in characters of the document's content, and
 * `quote` is exactly what stands there.
 */
export const CitationSchema = v.pipe(
  v.object({
    marker: v.string(),
    document: v.string(),
    startLine: v.number(),
    endLine: v.number(),
    start: v.number(),
    end: v.number(),
    quote: v.string(),
  }),
  v.metadata({ ref: 'Citation' }),
)
export type Citation = Readonly<v.InferOutput<typeof CitationSchema>>

export type CitationMark = Readonly<{
  marker: string
  document: string
  startLine: number
  endLine: number
  at: number
}>

const MARK = /\[([^[\]\n]{1,200}?):(\d{1,7})(?:-(\d{1,7}))?\]/g

export const citationMarker = (document: string, startLine: number, endLine = startLine): string =>
  startLine === endLine ? `[${document}:${startLine}]` : `[${document}:${startLine}-${endLine}]`

/** Every marker in a text, in order; `at` is its offset in the text. */
export function findCitations(text: string): CitationMark[] {
  return [...text.matchAll(MARK)].map((match) => {
    const startLine = Number(match[2])
    return {
      marker: match[0],
      document: match[1] ?? '',
      startLine,
      endLine: match[3] === undefined ? startLine : Number(match[3]),
      at: match.index,
    }
  })
}
