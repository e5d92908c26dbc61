/** Signs that could begin Markdown or HTML, and those that reorder or hide text. */
const SIGNS = /[\\`*_{}[\]<>#|!~&]/g
const INVISIBLE = /[\p{Cc}\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u2028\u2029]+/gu

/** Foreign text on one line, so that it stays text: in a table's cell, a list item, a heading. */
export function escapeInline(text: string, maxChars = Number.POSITIVE_INFINITY): string {
  const plain = text.replace(INVISIBLE, ' ').trim()
  const short = plain.length > maxChars ? `${plain.slice(0, maxChars - 1)}…` : plain
  return short.toWellFormed().replace(SIGNS, '\\$&')
}

/** Foreign text as a quote block; lines stay lines. */
export const quoteBlock = (text: string): string =>
  text
    .trim()
    .split(/\r\n|\r|\n/)
    .map((line) => `> ${escapeInline(line).replace(/^([-+=]|\d+[.)])/, '\\$1')}`.trimEnd())
    .join('\n')

// A line separator ends no line in Markdown, but "." stops at it.
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/s
const HEADING = /^ {0,3}(#{1,6})(?=[ \t]|$)/
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/
/** What a rule below does not make a heading. */
const NO_TITLE = /^(?:#{1,6}(?:\s|$)|[-*+>|]|\d+[.)]\s)/
/** An escaped sign begins no code and no tag; within code a backslash is only itself. */
const CODE_OR_TAG = /\\[\\`<]|(`+)(?:(?!`)[^\n])*?\1(?!`)|<(?=[a-z/!?])/gi

/**
 * Markdown that somebody else wrote, to stand under a heading of level `under`: its headings nest below that one, HTML
 * shows as text, and a fence that it leaves open is closed, so that it cannot swallow or fake what follows.
 */
export function nestMarkdown(text: string, under: number): string {
  const lines: string[] = []
  let fence: string | null = null
  for (const line of text.split(/\r\n|\r|\n/)) {
    const mark = FENCE.exec(line)
    if (fence !== null) {
      lines.push(line)
      if (mark?.[1]?.startsWith(fence) && mark[2]?.trim() === '') fence = null
      continue
    }
    // An info string of backticks holds none: "```x```" is code within a line.
    if (mark !== null && !(mark[1]?.startsWith('`') && mark[2]?.includes('`'))) fence = mark[1] ?? null
    pushNested(lines, fence === null ? escapeTags(line) : line, under)
  }
  if (fence !== null) lines.push(fence)
  return lines.join('\n')
}

const escapeTags = (line: string): string => line.replace(CODE_OR_TAG, (found) => (found === '<' ? '\\<' : found))

function pushNested(lines: string[], line: string, under: number): void {
  const heading = HEADING.exec(line)?.[1]
  const level = (own: number) => '#'.repeat(Math.min(6, own + under))
  if (heading !== undefined) {
    lines.push(line.trimStart().replace(/^#+/, level(heading.length)))
    return
  }
  const before = lines.at(-1)?.trim() ?? ''
  const underline = UNDERLINE.exec(line)?.[1]
  if (underline === undefined || before === '' || NO_TITLE.test(before)) lines.push(line)
  else lines.splice(-1, 1, `${level(underline.startsWith('=') ? 1 : 2)} ${before}`)
}
