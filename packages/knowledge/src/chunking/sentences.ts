import { codePointStart, isSpace, skipSpace, trimEnd } from './characters.ts'

export type Span = Readonly<{ start: number; end: number }>

/** A sentence or row past this many characters is cut at a line's end, else at white space, else between characters. */
export const MAX_SPAN = 2_000

const ABBREVIATIONS: ReadonlySet<string> = new Set(
  'e.g i.e vs cf dr mr mrs ms prof fig figs no nos nr vol sec ch approx al st jr sr inc ltd dept est z.b bzw ca d.h p.ej'.split(
    ' ',
  ),
)
const STOPS = '.!?…'
const UNSPACED_STOPS = '。！？｡।؟'
const CLOSERS = `"'”’»)]}*_\`」』）`

/** The sentences between two offsets, without the white space around them. Work between two of them is bounded. */
export function* sentences(content: string, from: number, to: number): Generator<Span> {
  let start = skipSpace(content, from, to)
  while (start < to) {
    const limit = Math.min(to, start + MAX_SPAN)
    const rest = limit === to ? trimEnd(content, start, to) : forcedEnd(content, start, limit)
    const end = nextStop(content, start, limit) ?? rest
    yield { start, end }
    start = skipSpace(content, end, to)
  }
}

/** Cuts a span that is too long; a shorter one comes back whole. */
export function* bounded(content: string, { start, end }: Span): Generator<Span> {
  let from = start
  while (end - from > MAX_SPAN) {
    const cut = forcedEnd(content, from, from + MAX_SPAN)
    yield { start: from, end: cut }
    from = skipSpace(content, cut, end)
  }
  if (from < end) yield { start: from, end }
}

/** Where the sentence that begins at `start` ends; null when it does not before `to`. */
function nextStop(content: string, start: number, to: number): number | null {
  for (let at = start; at < to; at++) {
    const char = content.charAt(at)
    const unspaced = UNSPACED_STOPS.includes(char)
    if (!unspaced && !STOPS.includes(char)) continue
    const end = skipClosers(content, at + 1, to)
    if (unspaced || isBoundary(content, start, at, end)) return end
    at = end - 1
  }
  return null
}

function skipClosers(content: string, from: number, to: number): number {
  let at = from
  while (at < to && (STOPS + UNSPACED_STOPS + CLOSERS).includes(content.charAt(at))) at++
  return at
}

function isBoundary(content: string, start: number, stop: number, end: number): boolean {
  if (end < content.length && !isSpace(content.charCodeAt(end))) return false
  if (content[stop] !== '.' && content[stop] !== '…') return true
  const following = content.charAt(skipSpace(content, end, Math.min(content.length, end + 8)))
  if (/\p{Ll}/u.test(following)) return false
  const before = content.slice(Math.max(start, stop - 12), stop)
  const word = /[\p{L}\p{N}.]*$/u.exec(before)?.[0] ?? ''
  const isMarker = /^\d*$/.test(word) && before.length === stop - start && /^[\s\d]*$/.test(before)
  const isInitial = /^\p{Lu}$/u.test(word)
  return end !== stop + 1 || !(isMarker || isInitial || ABBREVIATIONS.has(word.toLowerCase()))
}

/** Looks back half a span at most: one that has nothing to cut at stays linear. */
function forcedEnd(content: string, start: number, limit: number): number {
  const half = start + MAX_SPAN / 2
  const feed = content.slice(half, limit).lastIndexOf('\n')
  if (feed > 0) return trimEnd(content, start, half + feed)
  for (let at = limit; at > half; at--) if (isSpace(content.charCodeAt(at))) return trimEnd(content, start, at)
  return codePointStart(content, limit)
}
