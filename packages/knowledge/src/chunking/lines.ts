/** `end` is before the line's ending, `next` after it. Only a line feed, alone or after a carriage return, ends a line. */
export type Line = Readonly<{ start: number; end: number; next: number }>

export function lineFrom(content: string, start: number): Line {
  const feed = content.indexOf('\n', start)
  if (feed === -1) return { start, end: content.length, next: content.length }
  return { start, end: feed > start && content[feed - 1] === '\r' ? feed - 1 : feed, next: feed + 1 }
}

/** Line numbers of rising offsets, counted from 1; the whole walk costs one pass over the content. */
export function createLineCounter(content: string): (offset: number) => number {
  let line = 1
  let next = content.indexOf('\n')
  return (offset) => {
    while (next !== -1 && next < offset) {
      line++
      next = content.indexOf('\n', next + 1)
    }
    return line
  }
}
