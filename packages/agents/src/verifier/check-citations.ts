import { findCitations, type Citation, type CitationMark, type Output } from '@flotilla/domain'
import type { ReadDocument, ShownDocument } from '../brief.ts'
import { resolveCitations } from '../executor/resolve-citations.ts'

/** One marker of an output and what is wrong with it; null when its source holds what it is cited for. */
export type CitationCheck = Readonly<{ marker: string; problem: string | null }>

/**
 * Every marker in the output's text against its source: the document exists, the lines exist, and what is quoted stands
 * there, be it in quotation marks or a quote block before the marker, or in the output's own record of the citation.
 */
export async function checkCitations(
  output: Pick<Output, 'text' | 'citations'>,
  readDocument: ReadDocument,
): Promise<CitationCheck[]> {
  const contents = new Map<string, string | ShownDocument | null>()
  const read: ReadDocument = async (name) => {
    const content = contents.has(name) ? (contents.get(name) ?? null) : await readDocument(name)
    contents.set(name, content)
    return content
  }
  const { unresolved } = await resolveCitations(output.text, read)
  const nowhere = new Map(unresolved.map(({ marker, reason }) => [marker, reason]))
  return withStatements(output.text).map(({ mark, statement }) => {
    const recorded = output.citations.filter((citation) => citation.marker === mark.marker)
    const content = contents.get(mark.document)
    const text = typeof content === 'string' ? content : ''
    return { marker: mark.marker, problem: nowhere.get(mark.marker) ?? misquote(mark, text, statement, recorded) }
  })
}

/** Each marker with the text that it closes: from the marker before it, at most back to the start of its line. */
function withStatements(text: string): { mark: CitationMark; statement: string }[] {
  let from = 0
  let last = ''
  return findCitations(text).map((mark) => {
    const line = text.lastIndexOf('\n', mark.at - 1) + 1
    const between = text.slice(Math.max(from, line), mark.at)
    // Markers in a row stand behind the same statement.
    if (line > from || /[\p{L}\p{N}]/u.test(between)) last = between
    from = mark.at + mark.marker.length
    return { mark, statement: last }
  })
}

function misquote(
  mark: CitationMark,
  content: string,
  statement: string,
  recorded: readonly Citation[],
): string | null {
  const cited = content
    .split('\n')
    .slice(mark.startLine - 1, mark.endLine)
    .join('\n')
  const missing = quotesIn(statement).find((quote) => !stands(quote, cited))
  if (missing !== undefined) return `"${short(missing)}" does not stand there`
  return recorded.every((citation) => isExact(citation, content, cited))
    ? null
    : 'its recorded quote does not stand there'
}

const isExact = (citation: Citation, content: string, cited: string): boolean =>
  content.slice(citation.start, citation.end) === citation.quote && cited.includes(citation.quote)

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)

const QUOTED = /“([^”\n]{1,2000})”|"([^"\n]{1,2000})"|«([^»\n]{1,2000})»|„([^“”\n]{1,2000})[“”]/g
const BLOCK = /^\s*>\s?(.+)$/
/** Shorter ones may set a word apart instead of quoting. */
const LEAST_QUOTED_WORDS = 3

function quotesIn(statement: string): string[] {
  const block = BLOCK.exec(statement)?.[1]
  const quotes = [...statement.matchAll(QUOTED)].map((m) => m[1] ?? m[2] ?? m[3] ?? m[4] ?? '')
  const all = quotes.length === 0 && block !== undefined ? [block] : quotes
  return all.filter((quote) => quote.trim().split(/\s+/).length >= LEAST_QUOTED_WORDS)
}

/** Whether a quote stands in a text; blanks, case, typographic signs and Markdown do not count, "…" leaves something out. */
function stands(quote: string, text: string): boolean {
  const source = plain(text)
  return quote.split(/\[?(?:…|\.\.\.)\]?/).every((part) =>
    source.includes(
      plain(part)
        .replace(/[.,;:!?]$/, '')
        .trim(),
    ),
  )
}

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[“”„«»]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/[–—]/g, '-')
    .replace(/^[ \t]*(?:[-*+>]|\d+[.)])[ \t]+/gm, '')
    .replace(/[*_`#]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
