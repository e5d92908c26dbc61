import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'

/** Controls, and what turns the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** Text that others wrote, as one line that cannot drive the terminal. */
export const oneLine = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(UNSAFE, '')
    .trim()

/** The same with its line breaks and tabs. */
export const manyLines = (text: string): string =>
  stripVTControlCharacters(text)
    .split(/\r\n|\n/)
    .map((line) =>
      line
        .split('\t')
        .map((part) => part.replaceAll(UNSAFE, ''))
        .join('\t'),
    )
    .join('\n')

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const ASCII = /^[\x20-\x7E]*$/

export const widthOf = (text: string): number => (ASCII.test(text) ? text.length : stringWidth(text))

/** At most `width` columns wide, with "…" for what is cut off. */
export function cut(text: string, width: number): string {
  if (width <= 0) return ''
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text.slice(0, width * 16))) {
    used += widthOf(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/** Exactly `width` columns wide. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width)
  const blanks = ' '.repeat(Math.max(0, width - widthOf(shown)))
  return align === 'left' ? shown + blanks : blanks + shown
}
