/** What `trim` counts as white space, so that a chunk's ends are its text's ends. */
export function isSpace(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13)
  if (code < 160) return false
  if (code === 0xa0 || code === 0x1680 || code === 0xfeff || code === 0x3000) return true
  return code >= 0x2000 && (code <= 0x200a || code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f)
}

/** Scripts written without spaces between words: kana, Han, full-width forms. Hangul has spaces. */
const isUnspaced = (code: number): boolean =>
  (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xff66 && code <= 0xff9f)

export function skipSpace(content: string, from: number, to: number): number {
  let at = from
  while (at < to && isSpace(content.charCodeAt(at))) at++
  return at
}

export function trimEnd(content: string, from: number, to: number): number {
  let at = to
  while (at > from && isSpace(content.charCodeAt(at - 1))) at--
  return at
}

/** Words between two offsets; without spaces between words, two characters count as one. */
export function countWords(content: string, from: number, to: number): number {
  let words = 0
  let inWord = false
  for (let at = from; at < to; at++) {
    const code = content.charCodeAt(at)
    if (isUnspaced(code)) {
      words += 0.5
      inWord = false
    } else if (isSpace(code)) inWord = false
    else if (!inWord) {
      words++
      inWord = true
    }
  }
  return words
}

/** The next offset at or before `at` that does not stand inside a surrogate pair. */
export function codePointStart(content: string, at: number): number {
  const inPair = (content.charCodeAt(at) & 0xfc00) === 0xdc00 && (content.charCodeAt(at - 1) & 0xfc00) === 0xd800
  return inPair ? at - 1 : at
}
