const WORD = /[\p{L}\p{M}\p{N}]+(?:['’_.-][\p{L}\p{M}\p{N}]+)*/gu
/** Scripts that put no space between words: matched by pairs of characters instead. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]+/gu
const IS_UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/).filter((word) => word !== ''))

const STOPWORDS = setOf(`
  a about above after again all also although am an and any are aren't as at be because been before being below between
  both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either else even
  ever every few for from further get gets had hadn't has hasn't have haven't having he her here hers him his how however
  i if in into is isn't it its it's itself just let like many may me might more most much must mustn't my neither no nor
  not now of off on once only or other our ours out over own per please rather same shall she should shouldn't since so
  some such than that the their theirs them then there these they this those though through thus to too under until up
  upon us very via was wasn't we were weren't what when where whether which while who whom whose why will with within
  without won't would wouldn't yes yet you your yours one ones
  der die das und oder ist sind nicht ein eine einen einem einer mit von für auf im in den dem des zu wie was wer wo
  le la les des du de un une et ou est sont dans pour que qui sur par avec au aux ce cette ces
  el los las una y es son del que en por con para al como
`)

/** Words that ask for work rather than name a subject: they say what to do with the documents, not what to look for. */
const TASK_WORDS = setOf(`
  accord according advise advice analyse analyze analysis answer article ask assess base based brief briefly choose chosen cite
  citation citing clear clearly compare comparison comparing conclude conclusion consider content contents contradict
  contradiction contradictory contrast criteria decide decision deliver deliverable describe described detail detailed
  details determine difference different differ disagree disagreement discuss document documents documentation draft
  evaluate evidence examine explain extract fact facts final find finding give given goal help identify include
  information investigate list main make mention mentioned name naming note notes outline overview paper paragraph
  passage pick point points produce prepare provide question quote rank recommend recommendation recommended relevant
  report research result review say says section sentence show source sources stated statement statements
  suggest summarise summarize summary synthesis task tell text topic understand use used useful using verbatim write
  written conflict conflicting agree agreement attached following supplied provided team
`)

const IRREGULAR: Readonly<Record<string, string>> = {
  began: 'begin', begun: 'begin', bought: 'buy', broke: 'break', broken: 'break', built: 'build', chose: 'choose', chosen: 'choose',
  children: 'child', came: 'come', fell: 'fall', fallen: 'fall', felt: 'feel', found: 'find', gave: 'give', given: 'give', gone: 'go',
  grew: 'grow', grown: 'grow', held: 'hold', kept: 'keep', knew: 'know', known: 'know', laid: 'lay', led: 'lead', left: 'leave',
  lost: 'lose', loss: 'lose', losses: 'lose', made: 'make', meant: 'mean', men: 'man', met: 'meet', paid: 'pay', ran: 'run', read: 'read',
  rose: 'rise', risen: 'rise', said: 'say', saw: 'see', seen: 'see', sent: 'send', showed: 'show', shown: 'show', sold: 'sell',
  spent: 'spend', stood: 'stand', taken: 'take', taught: 'teach', thought: 'think', threw: 'throw', thrown: 'throw', took: 'take',
  went: 'go', women: 'woman', won: 'win', wrote: 'write', written: 'write', people: 'person', retained: 'keep', retains: 'keep',
  retain: 'keep', retention: 'keep', stored: 'keep', stores: 'keep', store: 'keep', employees: 'employee', staff: 'employee',
  worker: 'worker', starts: 'begin', start: 'begin', started: 'begin', starting: 'begin', holiday: 'leave', holidays: 'leave',
  vacation: 'leave', purchase: 'buy', purchased: 'buy', recovery: 'recover', recoveries: 'recover',
} // prettier-ignore

/** The common root of a word's forms in English, roughly; other languages keep their words as they are, folded. */
export function stem(word: string): string {
  const irregular = Object.hasOwn(IRREGULAR, word) ? IRREGULAR[word] : undefined
  const base = irregular ?? word
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
  if (parts.length === 1) return yield word
  yield word.replaceAll('_', '-')
  yield* parts
}

/** All words of a text in order, folded; compounds such as `at-least-once` as a whole and in parts. */
export function wordsOf(text: string): string[] {
  return [...text.matchAll(WORD)].flatMap((match) => [...splitWord(fold(match[0]))]).filter((word) => word !== '')
}

const isWorthless = (word: string): boolean =>
  STOPWORDS.has(word) || (word.length < 2 && !/\p{N}|[^\p{ASCII}]/u.test(word))

/** Stems of the words that carry meaning, in order, repeats kept. */
export const contentStems = (text: string): string[] =>
  wordsOf(text)
    .filter((word) => !isWorthless(word))
    .map(stem)

/** As `contentStems`, without the words that only say what to do ("compare", "documents", "recommend"). */
export const topicStems = (text: string): string[] =>
  wordsOf(text)
    .filter((word) => !isWorthless(word) && !TASK_WORDS.has(word) && !TASK_STEMS.has(stem(word)))
    .map(stem)

const TASK_STEMS: ReadonlySet<string> = new Set([...TASK_WORDS].map(stem))

/** The topic words of a text as they are written, once each, in order: what a search is asked for. */
export function topicWords(text: string): string[] {
  const seen = new Set<string>()
  return [...text.matchAll(WORD)].flatMap(([word]) => {
    const key = fold(word)
    if (seen.has(key) || isWorthless(key) || topicStems(word).length === 0) return []
    seen.add(key)
    return [word]
  })
}

const SENTENCE_START = /(?:^|[.!?:;\n]["')\]]*)[\s#>*-]*$/

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
