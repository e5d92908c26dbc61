import { skipSpace, trimEnd } from './characters.ts'
import { lineFrom, type Line } from './lines.ts'

/** `rows` are cut between lines only, `text` between sentences. Ends exclude the white space after the block. */
export type Block = Heading | Readonly<{ kind: 'text' | 'rows'; start: number; end: number }>
type Heading = Readonly<{ kind: 'heading'; start: number; end: number; level: number; title: string }>

/** Marks look at the head of a line alone, so that a line of megabytes costs what a short one does. */
const HEAD = 256
/** Lines between two yields at most. */
const STRIDE = 1_000
const MAX_FRONT_MATTER = 64

const FENCE = /^\s*(`{3,}|~{3,})/
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/
const ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])[ \t]+\S/
const RULE = /^ {0,3}(?:\*[ \t]*){3,}$|^ {0,3}(?:-[ \t]*){3,}$|^ {0,3}(?:_[ \t]*){3,}$/
const ROW = /^\s*\|/
const DELIMITER = /^\s*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/

type Open = Readonly<{ kind: 'text' | 'rows'; start: number; end: number; lines: number }>

/** What one line is. */
type Mark =
  | Readonly<{ kind: 'blank' | 'rule' | 'item' }>
  | Readonly<{ kind: 'heading'; block: Heading }>
  | Readonly<{ kind: 'fence'; fence: string }>
  | Readonly<{ kind: 'row' | 'text'; pipes: boolean; delimits: boolean }>

/**
 * The blocks of a Markdown document in order: headings, list items, tables, fenced code, paragraphs. Plain text has only
 * paragraphs. Null says that a stretch of the document is read and no block ended in it.
 */
export function* blocks(content: string): Generator<Block | null> {
  let open: Open | null = null
  let line = lineFrom(content, 0)
  for (let count = 1; line.start < content.length; count++, line = lineFrom(content, line.next)) {
    if (count % STRIDE === 0) yield null
    const mark = markOf(content, line, open)
    if (open && endsBlock(mark, open)) {
      if (mark.kind !== 'heading' || mark.block.start !== open.start) yield open
      open = null
    }
    if (mark.kind === 'heading') yield mark.block
    else if (mark.kind === 'rule') yield { kind: 'text', ...trimmed(content, line) }
    else if (mark.kind === 'fence') {
      const last: Line = yield* fenced(content, line, mark.fence)
      yield { kind: 'rows', start: line.start, end: trimEnd(content, line.start, last.end) }
      line = last
    } else if (mark.kind !== 'blank') open = extend(content, open, line, mark)
  }
  if (open) yield open
}

function markOf(content: string, line: Line, open: Open | null): Mark {
  if (skipSpace(content, line.start, line.end) === line.end) return { kind: 'blank' }
  const head = content.slice(line.start, Math.min(line.end, line.start + HEAD))
  const block = headingOf(content, line, head) ?? underlined(content, line, head, open)
  if (block) return { kind: 'heading', block }
  const fence = FENCE.exec(head)?.[1] ?? frontMatter(content, line, head)
  if (fence !== undefined) return { kind: 'fence', fence }
  if (RULE.test(head)) return { kind: 'rule' }
  if (ITEM.test(head)) return { kind: 'item' }
  return {
    kind: ROW.test(head) ? 'row' : 'text',
    pipes: head.includes('|'),
    delimits: head.includes('|') && DELIMITER.test(head),
  }
}

function endsBlock(mark: Mark, open: Open): boolean {
  if (mark.kind === 'row') return open.kind !== 'rows'
  if (mark.kind === 'text') return open.kind === 'rows' && !mark.pipes
  return true
}

function extend(content: string, open: Open | null, line: Line, mark: Mark): Open {
  const span = trimmed(content, line)
  if (open === null) {
    if (mark.kind === 'row') return { kind: 'rows', start: line.start, end: span.end, lines: 1 }
    return { kind: 'text', ...span, lines: 1 }
  }
  const isTable = open.kind === 'rows' || (open.lines === 1 && mark.kind === 'text' && mark.delimits)
  return { kind: isTable ? 'rows' : 'text', start: open.start, end: span.end, lines: open.lines + 1 }
}

function trimmed(content: string, line: Line): Readonly<{ start: number; end: number }> {
  return { start: skipSpace(content, line.start, line.end), end: trimEnd(content, line.start, line.end) }
}

function headingOf(content: string, line: Line, head: string): Heading | null {
  const marked = line.end - line.start > HEAD ? null : HEADING.exec(head)
  if (!marked) return null
  const title = (marked[2] ?? '').trim().replace(/(?:^|[ \t]+)#+$/, '')
  return { kind: 'heading', ...trimmed(content, line), level: marked[1]?.length ?? 1, title }
}

/** A heading marked by the line under it: `line` is that line, and the open block of one line is the title. */
function underlined(content: string, line: Line, head: string, open: Open | null): Heading | null {
  if (open?.kind !== 'text' || open.lines !== 1 || open.end - open.start > HEAD || line.end - line.start > HEAD)
    return null
  const mark = UNDERLINE.exec(head)?.[1]
  const title = content.slice(open.start, open.end)
  if (mark === undefined || ITEM.test(title)) return null
  return {
    kind: 'heading',
    start: open.start,
    end: trimmed(content, line).end,
    level: mark.startsWith('=') ? 1 : 2,
    title,
  }
}

/** A metadata block at the top, between two lines of three hyphens, is read as a fence. */
function frontMatter(content: string, line: Line, head: string): string | undefined {
  if (line.start !== 0 || head.trimEnd() !== '---') return undefined
  let next = lineFrom(content, line.next)
  for (let n = 0; n < MAX_FRONT_MATTER && next.start < content.length; n++, next = lineFrom(content, next.next))
    if (next.end - next.start < HEAD && content.slice(next.start, next.end).trimEnd() === '---') return '---'
  return undefined
}

/** Runs to the closing line of a fence, or to the end of the document when none follows; answers the last line. */
function* fenced(content: string, open: Line, fence: string): Generator<null, Line> {
  let last = open
  for (let count = 1; last.next < content.length; count++) {
    if (count % STRIDE === 0) yield null
    last = lineFrom(content, last.next)
    const head = content.slice(last.start, Math.min(last.end, last.start + HEAD)).trim()
    if (last.end - last.start <= HEAD && head.length >= fence.length && head === fence.charAt(0).repeat(head.length))
      break
  }
  return last
}
