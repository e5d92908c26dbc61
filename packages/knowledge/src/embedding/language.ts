const SAMPLE_CHARS = 20_000
/** English prose has 30 percent and more, terse notes with tables and code about ten, other languages one or two. */
const MIN_SHARE = 0.04

/** Words of English grammar that are not words of its neighbours. */
const GRAMMAR: ReadonlySet<string> = new Set(
  'the of and to is for with that this be are not it on by from or at which you if when can has have its they will only than'.split(
    ' ',
  ),
)

/** Whether the beginning of a text reads as English; an English model says nothing about others, or about rows of figures. */
export function isEnglish(text: string): boolean {
  const words =
    text
      .slice(0, SAMPLE_CHARS)
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  return words.length > 0 && words.filter((word) => GRAMMAR.has(word)).length / words.length >= MIN_SHARE
}
