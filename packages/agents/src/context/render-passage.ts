import type { Passage } from '@flotilla/domain'
import { escapeText, tag } from './markup.ts'

/** What a reader could take for the end of a line inside one line. */
const LINE_LIKE = /[\r\v\f\u0085\u2028\u2029]+/g

/** Lines with their numbers, `12: text`, so that a reader can cite `[name:12]`. The text is escaped. */
export const numberedLines = (text: string, firstLine: number): string =>
  text
    .replace(/\r?\n$/, '')
    .split('\n')
    .map((line, i) => `${firstLine + i}: ${escapeText(line.replace(LINE_LIKE, ' ').trimEnd())}`)
    .join('\n')

export const renderPassage = (passage: Pick<Passage, 'document' | 'startLine' | 'endLine' | 'text'>): string =>
  tag(
    'passage',
    { document: passage.document, lines: `${passage.startLine}-${passage.endLine}` },
    numberedLines(passage.text, passage.startLine),
  )
