import type { Statement } from './statements.ts'
import { STOPWORDS } from './word-lists.ts'
import { fold, namesIn, stem, wordsOf } from './words.ts'

/** What statements are about: a product, a place, a thing with a name. `stems` are those of its name. */
export type Subject = Readonly<{ name: string; stems: readonly string[]; mentions: number }>

const NAME = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}]*(?:[-+.#]?[\p{L}\p{N}]+)*(?:[ ]\p{Lu}[\p{L}\p{N}]*){0,2}/gu
const COMMON = new Set(
  `january february march april may june july august september october november december monday tuesday wednesday thursday
  friday saturday sunday i ok yes no english note notes summary table figure chapter section version draft author authors
  date todo faq appendix introduction background conclusion results result method methods limits impact`.split(/\s+/),
)
const MAX_SUBJECTS = 8
/** Points relative to the first that a subject needs: fewer when it heads a section or opens a row by itself. */
const LEAST_SHARE = { labelled: 0.15, other: 0.35 }
const LEAST_POINTS = 4

/** `labels` counts headings and first cells that are the name and nothing else, `midway` mentions inside sentences. */
type Counted = {
  name: string
  points: number
  mentions: number
  documents: Set<string>
  leads: number
  midway: number
  labels: number
}

/**
 * The names that the material is about. Those that the goal names come first and alone, when there are two or more of them.
 * Else the names that lead sentences, head sections or open the rows of tables, in several places.
 */
export function findSubjects(goal: string, statements: readonly Statement[]): Subject[] {
  const counted = countNames(statements)
  const asked = namesIn(goal)
    .map((name) => counted.get(fold(name)))
    .filter((found) => found !== undefined)
  if (asked.length >= 2) return asked.map(toSubject)
  const ranked = [...counted.values()]
    .filter((name) => name.points >= LEAST_POINTS && name.leads >= 2 && name.mentions >= 2)
    .toSorted((a, b) => b.points - a.points || (a.name < b.name ? -1 : 1))
  const top = ranked[0]?.points ?? 0
  return ranked
    .filter((name) => name.points >= top * (name.labels > 0 ? LEAST_SHARE.labelled : LEAST_SHARE.other))
    .slice(0, MAX_SUBJECTS)
    .map(toSubject)
}

const toSubject = ({ name, mentions }: Counted): Subject => ({ name, stems: wordsOf(name).map(stem), mentions })

function countNames(statements: readonly Statement[]): Map<string, Counted> {
  const counted = new Map<string, Counted>()
  const note = (name: string, statement: Statement, lead: number, label: boolean): void => {
    const key = fold(name)
    if (wordsOf(key).every((word) => COMMON.has(word) || STOPWORDS.has(word))) return
    const entry = counted.get(key) ?? {
      name,
      points: 0,
      mentions: 0,
      documents: new Set(),
      leads: 0,
      midway: 0,
      labels: 0,
    }
    entry.mentions += 1
    entry.leads += lead
    entry.points += 1 + lead
    if (lead === 0) entry.midway += 1
    if (label) entry.labels += 1
    if (statement.document !== null && !entry.documents.has(statement.document)) {
      entry.documents.add(statement.document)
      entry.points += 1
    }
    counted.set(key, entry)
  }
  const seenHeadings = new Set<string>()
  for (const statement of statements) {
    const cell = statement.kind === 'row' ? statement.text.split(' — ')[0] : null
    for (const { name, at } of namesAt(statement)) note(name, statement, at === 0 ? 1 : 0, name === cell)
    const heading = statement.headings.at(-1) ?? ''
    const key = `${statement.document}\n${heading}`
    if (seenHeadings.has(key)) continue
    seenHeadings.add(key)
    for (const { name, at } of namesOf(heading))
      note(name, statement, at === 0 && name !== heading ? 1 : 2, name === heading)
  }
  return withoutAccidents(counted, lowerCaseCounts(statements))
}

function lowerCaseCounts(statements: readonly Statement[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { text } of statements) {
    for (const [word] of text.matchAll(/(?<![\p{L}\p{N}])\p{Ll}[\p{L}\p{N}]*/gu))
      counts.set(fold(word), (counts.get(fold(word)) ?? 0) + 1)
  }
  return counts
}

/** The part of its mentions in which a name may be written in lower case: "a harrow" is rare where "Harrow" is a name. */
const MAX_LOWER_CASE = 0.3

const namesAt = (statement: Statement): { name: string; at: number }[] => {
  const names = namesOf(statement.text)
  if (statement.kind !== 'row') return names
  // The first cell names a row, whatever its case; the other cells hold values.
  return names.filter(({ at }) => at === 0)
}

/** "The Harrow" is "Harrow": an article that begins a sentence is no part of a name. */
const ARTICLE = /^(?:The|A|An|Our|Their|Its|In|On|At|For|With|When|If|No|Each|Every|All) (?=\p{Lu})/u

const namesOf = (text: string): { name: string; at: number }[] =>
  [...text.replaceAll(/[*_`"“]/g, '').matchAll(NAME)].map((match) => ({
    name: match[0].replace(ARTICLE, ''),
    at: match.index,
  }))

/**
 * A word that only ever begins sentences is capitalised for that, not for being a name; so is one that also occurs in lower
 * case. "Harrow Cloud" counts for "Harrow" where that is mentioned more.
 */
function withoutAccidents(counted: Map<string, Counted>, lowerCase: ReadonlyMap<string, number>): Map<string, Counted> {
  const names = new Map(
    [...counted].filter(([key, name]) => {
      const written = lowerCase.get(key) ?? (key.includes(' ') ? 0 : (lowerCase.get(`${key}s`) ?? 0))
      return written <= name.mentions * MAX_LOWER_CASE && (name.midway > 0 || name.labels > 0)
    }),
  )
  for (const [key, name] of names) {
    const [first = ''] = key.split(' ')
    const shorter = first === key ? undefined : names.get(first)
    if (shorter && shorter.mentions >= name.mentions) names.delete(key)
  }
  return names
}

/**
 * The subjects that each statement is about: those that it names; else those of the sentence before it in its paragraph,
 * of the nearest heading that names one, or of a document that is about one alone.
 */
export function assignSubjects(
  statements: readonly Statement[],
  subjects: readonly Subject[],
): Map<Statement, readonly Subject[]> {
  const assigned = new Map<Statement, readonly Subject[]>()
  const alone = soleSubjects(statements, subjects)
  let block = ''
  let inBlock: readonly Subject[] = []
  for (const statement of statements) {
    if (statement.block !== block) [block, inBlock] = [statement.block, []]
    const own = named(statement.text, subjects)
    const goesOn = inBlock.length > 0 && GOES_ON.test(statement.text)
    const inherited = own.length > 0 ? own : goesOn ? inBlock : byHeading(statement, subjects)
    const sole = alone.get(statement.document ?? '')
    assigned.set(statement, inherited.length > 0 ? inherited : sole ? [sole] : [])
    if (own.length > 0) inBlock = own
  }
  return assigned
}

/** How a sentence begins that goes on about what the one before it named. */
const GOES_ON =
  /^(?:it|its|this|that|these|they|their|the|no|such|both|there|without it|with it|in fact|\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|some|most|all)\b/i

function byHeading(statement: Statement, subjects: readonly Subject[]): readonly Subject[] {
  for (const heading of statement.headings.toReversed()) {
    const found = named(heading, subjects)
    if (found.length > 0) return found.length === 1 ? found : []
  }
  return []
}

export function named(text: string, subjects: readonly Subject[]): Subject[] {
  const words = new Set(wordsOf(text).map(stem))
  return subjects.filter((subject) => subject.stems.every((word) => words.has(word)))
}

/** Documents in which one subject has nearly all mentions. */
function soleSubjects(statements: readonly Statement[], subjects: readonly Subject[]): Map<string, Subject> {
  const counts = new Map<string, Map<Subject, number>>()
  for (const statement of statements) {
    const perSubject = counts.get(statement.document ?? '') ?? new Map<Subject, number>()
    for (const subject of named(statement.text, subjects)) perSubject.set(subject, (perSubject.get(subject) ?? 0) + 1)
    counts.set(statement.document ?? '', perSubject)
  }
  const sole = new Map<string, Subject>()
  for (const [document, perSubject] of counts) {
    const total = [...perSubject.values()].reduce((sum, count) => sum + count, 0)
    for (const [subject, count] of perSubject) if (count >= 3 && count >= total * 0.8) sole.set(document, subject)
  }
  return sole
}
