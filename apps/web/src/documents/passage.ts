/** Lines of a document, counted from 1 with both ends; `start` and `end` are offsets of what is quoted of them, where that is known. */
export type Passage = Readonly<{
  startLine: number
  endLine: number
  quote: Readonly<{ start: number; end: number }> | null
}>

/** Which document is shown, as the address says it: `lines` as the number `12` or the text `12-14`, `quote` as `310-388`. */
export type DocumentSearch = Readonly<{
  name?: string | undefined
  lines?: string | number | undefined
  quote?: string | undefined
}>

const LINES = /^(\d{1,7})(?:-(\d{1,7}))?$/
const OFFSETS = /^(\d{1,9})-(\d{1,9})$/

/** A name or a line that looks like a number is read as one by the router, and a text that looks like one stands in quotes in an address. */
export function readDocumentSearch(search: Readonly<Record<string, unknown>>): DocumentSearch {
  const textOf = (key: string): string | undefined => {
    const value = search[key]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  }
  const [name, lines, quote] = ['name', 'lines', 'quote'].map(textOf)
  return {
    ...(name !== undefined && { name }),
    ...(lines !== undefined && LINES.test(lines) && { lines: linesInAddress(lines) }),
    ...(quote !== undefined && OFFSETS.test(quote) && { quote }),
  }
}

/** A single line as a number, which an address shows without quotes. */
export const linesInAddress = (lines: string): string | number => (/^\d+$/.test(lines) ? Number(lines) : lines)

/** Null: no lines are asked for, or they are none. */
export function passageOf({ lines = '', quote = '' }: DocumentSearch): Passage | null {
  const [, first, last = first] = LINES.exec(String(lines)) ?? []
  const [, start, end] = OFFSETS.exec(quote) ?? []
  const [startLine, endLine] = [Number(first), Number(last)]
  if (!(startLine >= 1 && endLine >= startLine)) return null
  return { startLine, endLine, quote: Number(start) < Number(end) ? { start: Number(start), end: Number(end) } : null }
}

export const linesText = (startLine: number, endLine: number): string =>
  startLine === endLine ? String(startLine) : `${startLine}-${endLine}`

/** `at`: the offset at which the line begins; the line feed that ends it is no part of it. */
export type Line = Readonly<{ number: number; at: number; text: string }>

/** Lines end with line feeds alone, as citations count them; one at the very end begins no further line. */
export function linesOf(content: string): Line[] {
  let at = 0
  return content
    .replace(/\n$/, '')
    .split('\n')
    .map((text, i) => {
      const line = { number: i + 1, at, text }
      at += text.length + 1
      return line
    })
}

/** How much of a long line is shown. */
const MOST_CHARS = 5_000
const BEFORE_QUOTE = 1_000

export type LineParts = Readonly<{
  /** Characters that are left out before and after what is shown. */
  left: number
  right: number
  before: string
  quoted: string
  after: string
}>

/** A line with what is quoted of it; of a long one the part around the quote, or the beginning. */
export function lineParts({ at, text }: Line, quote: Passage['quote']): LineParts {
  const within = (offset: number): number => Math.min(Math.max(offset - at, 0), text.length)
  const [start, end] = quote === null ? [0, 0] : [within(quote.start), within(quote.end)]
  const left = text.length <= MOST_CHARS || start < MOST_CHARS ? 0 : start - BEFORE_QUOTE
  const shownEnd = Math.min(text.length, left + MOST_CHARS)
  const quotedEnd = Math.min(end, shownEnd)
  return {
    left,
    right: text.length - shownEnd,
    before: text.slice(left, start),
    quoted: text.slice(start, quotedEnd),
    after: text.slice(Math.max(start, quotedEnd), shownEnd),
  }
}
