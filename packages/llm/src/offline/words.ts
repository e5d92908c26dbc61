import { CONCEPTS, IRREGULAR, META_WORDS, STOPWORDS, TASK_WORDS } from './word-lists.ts'

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’_.-][\p{L}\p{M}\p{N}]+)*/gu
/** Scripts that put no space between words: matched by pairs of characters instead. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]+/gu
const IS_UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u

/** The common root of a word's forms in English, roughly; other languages keep their words as they are, folded. */
export function stem(word: string): string {
  const base = IRREGULAR.get(word) ?? word
  if (base.length <= 3 || /\d/.test(base)) return base
  let root = base
    .replace(/['’]s$/, '')
    .replace(/ies$/, 'y')
    .replace(/(ss|sh|ch|x|z)es$/, '$1')
  if (/[^su]s$/.test(root)) root = root.slice(0, -1)
  root = root.replace(/ability$/, 'able').replace(/ibility$/, 'ible')
  const cut = root.replace(/(ing|ed|ly|ment|ness)$/, '')
  if (cut !== root && /[aeiouy].*[^aeiou]|^[^aeiou]+[aeiouy]+$/.test(cut) && cut.length >= 3) root = undouble(cut)
  root = root.replace(/(t|s)ion$/, '$1')
  return root.length > 4 ? root.replace(/[ey]+$/, '') : root.replace(/(?<=...)e$/, '')
}

const undouble = (root: string): string => (/([bdgkmnprt])\1$/.test(root) ? root.slice(0, -1) : root)

/** Lower case without accents and with one form of each character, so that "Café" and "cafe" are one word. */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('’', "'")

function* splitWord(word: string): Generator<string> {
  if (IS_UNSPACED.test(word)) {
    for (const run of word.match(UNSPACED) ?? []) {
      const characters = [...run]
      if (characters.length === 1) yield run
      for (let i = 1; i < characters.length; i++) yield `${characters[i - 1]}${characters[i]}`
    }
    for (const rest of word.split(UNSPACED)) if (rest !== '') yield rest
    return
  }
  const parts = word.split(/[-_]/)
  yield word.replaceAll('_', '-')
  if (parts.length > 1) yield* parts
}

/** All words of a text in order, folded; compounds such as `at-least-once` as a whole and in parts. */
export function wordsOf(text: string): string[] {
  return [...text.matchAll(WORD)].flatMap((match) => [...splitWord(fold(match[0]))]).filter((word) => word !== '')
}

const isWorthless = (word: string): boolean =>
  STOPWORDS.has(word) || (word.length < 2 && !/\p{N}|[^\p{ASCII}]/u.test(word))

/** "How long" asks for a figure: it is not about length. */
const AMOUNT_ASKED = /\bhow (?:long|many|much|often|far|old|big|large|soon|fast|high|well)\b/gi
const withoutAmounts = (text: string): string => text.replace(AMOUNT_ASKED, ' ')

/** Stems of the words that carry meaning, in order, repeats kept. */
export const contentStems = (text: string): string[] =>
  wordsOf(text)
    .filter((word) => !isWorthless(word))
    .map(stem)

/** As `contentStems`, without the words that only say what to do ("compare", "documents", "recommend"). */
export const topicStems = (text: string): string[] =>
  wordsOf(withoutAmounts(text))
    .filter((word) => !isWorthless(word) && !TASK_WORDS.has(word) && !TASK_STEMS.has(stem(word)))
    .map(stem)

/** What a question is about: all its words but those that only name the documents or the asking. */
export const questionStems = (text: string): string[] =>
  wordsOf(withoutAmounts(text))
    .filter((word) => !isWorthless(word) && !META_WORDS.has(word))
    .map(stem)

const TASK_STEMS: ReadonlySet<string> = new Set([...TASK_WORDS].map(stem))

const RELATED: ReadonlyMap<string, ReadonlySet<string>> = relatedWords()

function relatedWords(): Map<string, ReadonlySet<string>> {
  const related = new Map<string, ReadonlySet<string>>()
  for (const concept of CONCEPTS) {
    const roots = new Set(concept.map(stem))
    // Only the noun itself and its nearest form stand for all the others.
    for (const word of concept.slice(0, 2))
      related.set(stem(word), new Set([...(related.get(stem(word)) ?? []), ...roots]))
  }
  return related
}

/** Stems in which an abstract word shows ("durability": lose, survive, disk); empty for most words. */
export const relatedTo = (root: string): ReadonlySet<string> => RELATED.get(root) ?? NONE
const NONE: ReadonlySet<string> = new Set()

/** The topic words of a text as they are written, once each, in order: what a search is asked for. */
export function topicWords(text: string): string[] {
  const seen = new Set<string>()
  return [...withoutAmounts(text).matchAll(WORD)].flatMap(([word]) => {
    const key = fold(word)
    if (seen.has(key) || isWorthless(key) || topicStems(word).length === 0) return []
    seen.add(key)
    return [word]
  })
}

const SENTENCE_START = /(?:^|[.!?:;\n]["')\]]*)[\s#>*¿¡"“-]*$/

/**
 * Names in a request: capitalised inside a sentence, or written with digits or inner capitals ("BullMQ", "S3"). None are
 * found in a text whose words are nearly all capitalised.
 */
export function namesIn(text: string): string[] {
  const words = [...text.matchAll(WORD)]
  const capitalised = words.filter(([word]) => /^\p{Lu}/u.test(word)).length
  const titled = words.length > 3 && capitalised > words.length * 0.7
  const names = words.filter((match) => {
    const word = match[0]
    if (isWorthless(fold(word)) || topicStems(word).length === 0) return false
    if (/\p{Ll}\p{Lu}|\p{L}\p{N}/u.test(word)) return true
    if (titled || !/^\p{Lu}/u.test(word)) return false
    return !SENTENCE_START.test(text.slice(Math.max(0, match.index - 8), match.index))
  })
  return [...new Set(names.map(([word]) => word))]
}
