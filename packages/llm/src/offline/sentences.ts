export type UnitKind = 'sentence' | 'heading' | 'row' | 'code'

/**
 * A smallest piece of text that can be quoted: a sentence, a heading, a table's row, a line of code. `start` and `end` are
 * offsets of the text that was split, and `text` is exactly what stands there; lines count from `firstLine`. `headings`
 * are the titles above it, outermost first; `cells` are a row's cells, named by the table's head where that is known.
 */
export type Unit = Readonly<{
  kind: UnitKind
  text: string
  start: number
  end: number
  startLine: number
  endLine: number
  headings: readonly string[]
  /** Counts paragraphs and list items: sentences of one block share it. */
  block: number
  cells?: readonly Cell[]
}>
export type Cell = Readonly<{ head: string; value: string }>

type Line = Readonly<{ text: string; start: number; number: number }>
type Open = { start: number; end: number } | null

/** Longer sentences are cut at a space, so that a text without full stops does not become one quote. */
const MAX_SENTENCE_CHARS = 700

const FENCE = /^\s{0,3}(`{3,}|~{3,})/
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/
const ITEM = /^(\s*(?:>\s?)*)(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?/
const QUOTE = /^\s*(?:>\s?)+/
const RULE = /^\s*(?:[-*_=]\s*){3,}$/
const ROW = /^\s*\|.*\|\s*$/
const ROW_RULE = /^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$/

/** Splits Markdown or plain text. Never fails: what it does not know is a paragraph. */
export function splitUnits(text: string, firstLine = 1): Unit[] {
  const splitter = new Splitter(text, firstLine)
  let start = 0
  let number = firstLine
  while (start <= text.length) {
    const feed = text.indexOf('\n', start)
    const end = feed < 0 ? text.length : feed
    splitter.line({ text: text.slice(start, end).replace(/\r$/, ''), start, number })
    start = end + 1
    number += 1
  }
  return splitter.finish()
}

/** Feeds on lines; what is open when a line of another kind comes is closed by it. */
class Splitter {
  private readonly source: string
  private readonly firstLine: number
  private readonly units: Unit[] = []
  private readonly titles: { level: number; text: string }[] = []
  private fence: string | null = null
  private open: Open = null
  private head: readonly string[] | null = null
  private block = 0

  constructor(source: string, firstLine: number) {
    this.source = source
    this.firstLine = firstLine
  }

  line(line: Line): void {
    if (this.inFence(line)) return
    if (line.text.trim() === '') return this.breakBlock()
    if (ROW.test(line.text) || (this.head !== null && line.text.includes('|'))) return this.row(line)
    if (RULE.test(line.text)) return this.rule(line)
    const heading = HEADING.exec(line.text)
    if (heading) return this.heading(line, (heading[1] as string).length, heading[2] as string)
    this.head = null
    this.prose(line)
  }

  finish(): Unit[] {
    this.close()
    return this.units
  }

  private inFence(line: Line): boolean {
    const mark = FENCE.exec(line.text)?.[1]
    if (this.fence !== null) {
      const closes = mark !== undefined && mark.startsWith(this.fence) && line.text.trim() === mark
      if (closes) this.fence = null
      else if (line.text.trim() !== '') this.push('code', this.trimmed(line.start, line.start + line.text.length))
      return true
    }
    if (mark === undefined) return false
    this.breakBlock()
    this.fence = mark
    return true
  }

  /** A line of `===` or `---` under one line of text makes that line a heading; elsewhere it only divides. */
  private rule(line: Line): void {
    const open = this.open
    const mark = line.text.trim()
    if (open && /^(=+|-+)$/.test(mark) && !this.source.slice(open.start, open.end).includes('\n')) {
      this.open = null
      const title = this.trimmed(open.start, open.end)
      this.title(mark.startsWith('=') ? 1 : 2, this.source.slice(title.start, title.end))
      this.push('heading', title)
    }
    this.breakBlock()
  }

  private heading(line: Line, level: number, title: string): void {
    this.breakBlock()
    if (title === '') return
    this.title(level, title)
    const at = line.text.indexOf(title, line.text.indexOf('#') + level)
    this.push('heading', { start: line.start + at, end: line.start + at + title.length })
    this.block += 1
  }

  private title(level: number, text: string): void {
    while ((this.titles.at(-1)?.level ?? 0) >= level) this.titles.pop()
    this.titles.push({ level, text: plain(text) })
  }

  private row(line: Line): void {
    this.close()
    if (ROW_RULE.test(line.text)) {
      // What stood above the rule was the head, and no statement.
      const head = this.units.at(-1)
      if (head?.kind === 'row' && head.endLine === line.number - 1) {
        this.units.pop()
        this.head = cellsOf(head.text)
      }
      return
    }
    const head = this.head ?? []
    const cells = cellsOf(line.text).map((value, i) => ({ head: head[i] ?? '', value }))
    this.block += 1
    this.push('row', this.trimmed(line.start, line.start + line.text.length), cells)
  }

  private prose(line: Line): void {
    const item = ITEM.exec(line.text)
    if (item) this.breakBlock()
    const lead = item?.[0].length ?? QUOTE.exec(line.text)?.[0].length ?? 0
    if (this.open === null) this.open = { start: line.start + lead, end: line.start + line.text.length }
    else this.open.end = line.start + line.text.length
  }

  private breakBlock(): void {
    this.close()
    this.head = null
    this.block += 1
  }

  private close(): void {
    if (this.open === null) return
    const { start, end } = this.open
    this.open = null
    for (const piece of splitSentences(this.source.slice(start, end)))
      this.push('sentence', this.trimmed(start + piece.start, start + piece.end))
    this.block += 1
  }

  private trimmed(start: number, end: number): { start: number; end: number } {
    const slice = this.source.slice(start, end)
    return { start: start + (slice.length - slice.trimStart().length), end: start + slice.trimEnd().length }
  }

  private push(kind: UnitKind, at: { start: number; end: number }, cells?: readonly Cell[]): void {
    if (at.end <= at.start) return
    const startLine = this.lineAt(at.start)
    const text = this.source.slice(at.start, at.end)
    const endLine = startLine + (text.match(/\n/g)?.length ?? 0)
    const headings = this.titles.map((title) => title.text)
    this.units.push({ kind, text, ...at, startLine, endLine, headings, block: this.block, ...(cells && { cells }) })
  }

  private lastLine = { at: 0, number: 0 }
  /** Units come in order, so counting goes on from the last one. */
  private lineAt(at: number): number {
    let { at: from, number } = this.lastLine
    for (
      let feed = this.source.indexOf('\n', from);
      feed >= 0 && feed < at;
      feed = this.source.indexOf('\n', feed + 1)
    ) {
      number += 1
      from = feed + 1
    }
    this.lastLine = { at: from, number }
    return this.firstLine + number
  }
}

const cellsOf = (row: string): string[] =>
  row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => plain(cell))

const ABBREVIATION =
  /(?:^|[\s(["'])(?:[Ee]\.g|[Ii]\.e|etc|vs|[Cc]f|ca|approx|incl|excl|resp|[Ff]ig|Eq|Ch|Vol|pp?|Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|Inc|Ltd|dept|U\.S|U\.K|a\.m|p\.m|z\.B|d\.h|bzw|usw|\p{Lu})$/u
/** "1.09 V" ends in a unit, "J. Smith" begins with an initial. */
const UNIT = /\d ?[°µ]?[ACFGHJKLNSTVWΩ]$/u
const END = /[.!?…]+["'”’)\]*_`]*(?=\s|$)|[。！？｡]+["'”’」』）]*/gu

/** Sentences of one paragraph as offsets in it. Abbreviations, initials and decimal points do not end one. */
export function splitSentences(paragraph: string): { start: number; end: number }[] {
  const pieces: { start: number; end: number }[] = []
  let start = 0
  for (const match of paragraph.matchAll(END)) {
    const end = match.index + match[0].length
    const next = paragraph.slice(end).trimStart()
    const before = paragraph.slice(Math.max(start, match.index - 12), match.index)
    if (match[0].startsWith('.') && !endsSentence(before, next)) continue
    // A marker such as [a.md:3] belongs to the sentence before it.
    const marker = /^\s*(?:\[[^[\]\n]{1,200}:\d+(?:-\d+)?\]\s*)+/.exec(paragraph.slice(end))?.[0].trimEnd().length ?? 0
    pieces.push({ start, end: end + marker })
    start = end + marker
  }
  if (paragraph.slice(start).trim() !== '') pieces.push({ start, end: paragraph.length })
  return pieces.flatMap((piece) => cutLong(paragraph, piece))
}

function endsSentence(before: string, next: string): boolean {
  if (next === '') return true
  if (/^[\p{Ll},;]/u.test(next)) return false
  if (UNIT.test(before)) return true
  return !ABBREVIATION.test(before) && !(/\b[Nn]o$/.test(before) && /^\d/.test(next))
}

function cutLong(text: string, piece: { start: number; end: number }): { start: number; end: number }[] {
  const pieces: { start: number; end: number }[] = []
  let { start } = piece
  while (piece.end - start > MAX_SENTENCE_CHARS) {
    const space = text.lastIndexOf(' ', start + MAX_SENTENCE_CHARS)
    let end = space > start + MAX_SENTENCE_CHARS / 2 ? space : start + MAX_SENTENCE_CHARS
    // Half of a surrogate pair is no text.
    if (/[\uDC00-\uDFFF]/.test(text.charAt(end))) end -= 1
    pieces.push({ start, end })
    start = end
  }
  pieces.push({ start, end: piece.end })
  return pieces
}

/** Inline Markdown taken off: emphasis, code marks, links. */
export const plain = (text: string): string =>
  text
    .replace(/!?\[([^[\]]*)\]\([^()\s]*\)/g, '$1')
    .replace(/(\*\*|__|`)(.+?)\1/g, '$2')
    .replaceAll('\\|', '|')
    .trim()
