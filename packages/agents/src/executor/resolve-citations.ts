import { findCitations, type Citation, type CitationMark } from '@flotilla/domain'
import { contentStems, splitUnits } from '@flotilla/llm'
import type { ReadDocument, ShownDocument } from '../brief.ts'

/** A marker that leads to a place. `support` is the share, 0–1, of the statement's content words that the quote holds. */
export type ResolvedCitation = Readonly<{ citation: Citation; statement: string; support: number }>
/** A marker that leads nowhere, and why. */
export type UnresolvedCitation = Readonly<{ marker: string; reason: string }>

export type ResolvedCitations = Readonly<{
  /** What an output keeps: each marker and quote once, in order. */
  citations: readonly Citation[]
  /** Every marker that resolved, with the statement that it stands behind. */
  resolved: readonly ResolvedCitation[]
  unresolved: readonly UnresolvedCitation[]
}>

/** Finds the place of every citation marker of a text. Reads each cited document once. */
export async function resolveCitations(text: string, readDocument: ReadDocument): Promise<ResolvedCitations> {
  const marks = findCitations(text)
  const documents = new Map<string, string | ShownDocument | null>()
  for (const { document } of marks) {
    if (!documents.has(document)) documents.set(document, await readDocument(document))
  }
  return resolveMarks(text, marks, documents)
}

function resolveMarks(
  text: string,
  marks: readonly CitationMark[],
  documents: ReadonlyMap<string, string | ShownDocument | null>,
): ResolvedCitations {
  const offsets = new Map<string, readonly number[]>()
  const resolved: ResolvedCitation[] = []
  const unresolved: UnresolvedCitation[] = []
  statementsBefore(text, marks).forEach((statement, i) => {
    const mark = marks[i] as CitationMark
    const content = documents.get(mark.document) ?? null
    if (content === null) {
      unresolved.push({ marker: mark.marker, reason: `no document is named "${mark.document}"` })
      return
    }
    if (typeof content !== 'string') {
      unresolved.push({ marker: mark.marker, reason: describeShown(mark.document, content) })
      return
    }
    const starts = offsets.get(mark.document) ?? lineStarts(content)
    offsets.set(mark.document, starts)
    const found = quoteAt(mark, statement, content, starts)
    if (typeof found === 'string') unresolved.push({ marker: mark.marker, reason: found })
    else resolved.push(found)
  })
  const unique = new Map(resolved.map(({ citation }) => [`${citation.marker}\n${citation.start}`, citation]))
  return { citations: [...unique.values()], resolved, unresolved }
}

const describeShown = (name: string, { mediaType }: ShownDocument): string =>
  `"${name}" is of the type ${mediaType}: it has no lines, and what is said of it cannot be checked. Name it in words instead of citing it`

/** The quote for one marker, or why there is none. */
function quoteAt(
  mark: CitationMark,
  statement: string,
  content: string,
  starts: readonly number[],
): ResolvedCitation | string {
  const { marker, document, startLine, endLine } = mark
  const lines = starts.length
  if (startLine < 1 || endLine < startLine) return `lines ${startLine} to ${endLine} are no range`
  if (endLine > lines) return `"${document}" has ${lines} lines, line ${endLine} is cited`
  const from = starts[startLine - 1] as number
  // Split by itself, so that a quote never reaches beyond the cited lines.
  const units = splitUnits(content.slice(from, starts[endLine] ?? content.length))
  const best = bestMatch(
    statement,
    units.map((unit) => unit.text),
  )
  if (best === null) return `line ${startLine} of "${document}" is empty`
  const unit = units[best.index] as (typeof units)[number]
  const place = { start: from + unit.start, end: from + unit.end, quote: unit.text }
  return { citation: { marker, document, startLine, endLine, ...place }, statement, support: best.support }
}

/** The candidate that shares most with the statement, for its length; the first among equals. */
function bestMatch(statement: string, candidates: readonly string[]): { index: number; support: number } | null {
  const wanted = new Set(contentStems(statement))
  let best: { index: number; support: number; score: number } | null = null
  for (const [index, candidate] of candidates.entries()) {
    const found = new Set(contentStems(candidate))
    const shared = [...wanted].filter((word) => found.has(word)).length
    const score = (2 * shared) / (wanted.size + found.size || 1)
    const support = wanted.size === 0 ? 0 : shared / wanted.size
    if (best === null || score > best.score) best = { index, support, score }
  }
  return best
}

const JOINED = /^[\s.,;:|)(*_"'”’–—-]*(?:and|und|et|y|or|also|see)?[\s.,;:|)(*_"'”’–—-]*$/i

/** For each marker the statement that it stands behind; markers in a row stand behind the same one. */
function statementsBefore(text: string, marks: readonly CitationMark[]): string[] {
  let end = 0
  let last = ''
  return marks.map((mark) => {
    const between = text.slice(end, mark.at)
    end = mark.at + mark.marker.length
    if (last === '' || !JOINED.test(between)) last = lastStatement(between)
    return last
  })
}

function lastStatement(text: string): string {
  const paragraph =
    text.split(/\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)|\|/).findLast((part) => /[\p{L}\p{N}]/u.test(part)) ?? ''
  return splitUnits(paragraph).findLast((unit) => /[\p{L}\p{N}]/u.test(unit.text))?.text ?? paragraph.trim()
}

/** Offsets at which lines begin; a line feed at the very end opens no further line. */
function lineStarts(content: string): number[] {
  const starts = [0]
  for (let feed = content.indexOf('\n'); feed >= 0 && feed < content.length - 1; feed = content.indexOf('\n', feed + 1))
    starts.push(feed + 1)
  return starts
}
