import { blocks, type Block } from './chunking/blocks.ts'
import { countWords, skipSpace, trimEnd } from './chunking/characters.ts'
import { createLineCounter, lineFrom } from './chunking/lines.ts'
import { bounded, sentences, type Span } from './chunking/sentences.ts'

/**
 * A piece of a document. `text` is exactly `content.slice(start, end)`, offsets in UTF-16 code units; lines count from 1 and
 * include both ends. `headings` are the titles over the piece, outermost first; the text holds only those that stand at its beginning.
 */
export type Chunk = Readonly<{
  start: number
  end: number
  startLine: number
  endLine: number
  text: string
  headings: readonly string[]
}>

/** Words of a chunk that is cut out of a long block. */
const TARGET = 120
/** Words up to which whole blocks join: a paragraph a little over the target is not torn for it. */
const ROOM = 150
const MAX_INDENT = 80
/** No chunk is longer, white space inside it included. */
export const MAX_CHUNK_CHARS = 2_400

type Piece = Span & Readonly<{ words: number; whole: boolean }>
/** `bare`: headings alone so far. */
type Open = Span & Readonly<{ words: number; bare: boolean }>
type Heading = Block & { kind: 'heading' }

/** Every chunk of a document, in order. Only white space stands between them. */
export const chunkDocument = (content: string): Chunk[] => [...chunksOf(content)].filter((chunk) => chunk !== null)

/**
 * The same chunks, for a caller that shares its thread: the work between two values is bounded whatever the document. Null
 * says that no chunk ended in it.
 */
export function* chunksOf(content: string): Generator<Chunk | null> {
  const close = createCloser(content)
  let path: readonly Heading[] = []
  let open: Open | null = null
  for (const block of blocks(content)) {
    if (block === null) yield null
    else if (block.kind === 'heading') {
      // A heading right over another one has no text of its own and goes with what follows.
      if (open && !open.bare) {
        yield close(open, path)
        open = null
      }
      path = [...path.filter((heading) => heading.level < block.level), block]
    }
    for (const piece of block ? piecesOf(content, block) : []) {
      if (open && !fits(open, piece)) {
        yield close(open, path)
        open = null
      }
      open = join(open, piece, block?.kind === 'heading')
    }
  }
  if (open) yield close(open, path)
}

/** Whole where it fits into a chunk, else in sentences or rows. */
function* piecesOf(content: string, block: Block): Generator<Piece> {
  const { start, end } = block
  const words = end - start > MAX_CHUNK_CHARS ? Infinity : countWords(content, start, end)
  if (words <= ROOM) yield { start, end, words, whole: true }
  else
    for (const span of block.kind === 'rows' ? rows(content, block) : sentences(content, start, end))
      yield { ...span, words: countWords(content, span.start, span.end), whole: false }
}

/** Lines that are not blank, with the indentation that code needs. */
function* rows(content: string, block: Span): Generator<Span> {
  for (let line = lineFrom(content, block.start); line.start < block.end; line = lineFrom(content, line.next)) {
    const text = skipSpace(content, line.start, line.end)
    const start = text - line.start > MAX_INDENT ? text : line.start
    if (text < line.end) yield* bounded(content, { start, end: trimEnd(content, text, line.end) })
  }
}

const join = (open: Open | null, { start, end, words }: Piece, isHeading: boolean): Open =>
  open === null
    ? { start, end, words, bare: isHeading }
    : { start: open.start, end, words: open.words + words, bare: open.bare && isHeading }

function fits(open: Open, piece: Piece): boolean {
  if (piece.end - open.start > MAX_CHUNK_CHARS) return false
  return open.bare || open.words + piece.words <= (piece.whole ? ROOM : TARGET)
}

/** Chunks are closed in the order of the document, so counting their lines is one pass. */
function createCloser(content: string): (span: Span, path: readonly Heading[]) => Chunk {
  const lineOf = createLineCounter(content)
  return ({ start, end }, path) => {
    const startLine = lineOf(start)
    return {
      start,
      end,
      startLine,
      endLine: lineOf(end - 1),
      text: content.slice(start, end),
      headings: path.map((heading) => heading.title),
    }
  }
}
