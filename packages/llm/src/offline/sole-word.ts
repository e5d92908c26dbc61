import type { Statement } from './statements.ts'
import { IRREGULAR } from './word-lists.ts'
import { stem, wordsOf } from './words.ts'

/** Families within the everyday words that count as one elsewhere: "stored" is no form of "retention", "retained" is. */
const FAMILIES = [
  /^(?:retain|retention)/,
  /^stored$/,
  /^start/,
  /^purchas/,
  /^staff$/,
  /^(?:holiday|vacation)/,
  /^left$/,
  /^author/,
]
const LEAST_NOUN = 6

/** The root of a word by its endings alone: "rotations" and "rotated" have one, "mission" and "missed" do not. */
function strictRoot(word: string): string {
  const family = FAMILIES.findIndex((pattern) => pattern.test(word))
  if (family >= 0) return `family ${family}`
  if (IRREGULAR.has(word) || /(?:ment|ness|ly)$/.test(word)) return IRREGULAR.get(word) ?? word
  const root = stem(word)
  return /[ts]ions?$/.test(word) && root.length < LEAST_NOUN ? word.replace(/s$/, '') : root
}

/** Words that name any document: beside one other word they are not what a question is about. */
const ANY_DOCUMENT =
  /^(?:polic(?:y|ies)|handbooks?|manuals?|notes?|files?|papers?|records?|reports?|guides?|guidelines?|materials?|pages?|statements?|passages?|information|details?|there|anything|something)$/

/** The one word that a question is about, as a root; null where it has none or several. `topic` are its stems. */
export function soleWordOf(question: string, topic: readonly string[]): string | null {
  if (!/[?？]\s*$/.test(question)) return null
  const wanted = new Set(topic)
  const words = wordsOf(question).filter((word) => wanted.has(stem(word)) && !ANY_DOCUMENT.test(word))
  const [only, ...others] = [...new Set(words.map(strictRoot))]
  return only === undefined || others.length > 0 ? null : only
}

/** Whether a statement or a heading above it holds the word itself: one that merely comes near it answers in passing. */
export const holdsSoleWord = ({ text, headings }: Statement, root: string): boolean =>
  wordsOf([text, ...headings].join('\n')).some((word) => strictRoot(word) === root)
