import { isRow, type Statement } from './statements.ts'
import { STOPWORDS } from './word-lists.ts'
import { fold, wordsOf } from './words.ts'

/** How a capitalised word or phrase is used. */
export type CountedName = {
  name: string
  mentions: number
  documents: Set<string>
  /** Beginnings of sentences, rows and headings; a heading counts double. */
  leads: number
  /** Mentions inside sentences. */
  midway: number
  /** Headings and first cells that are the name and nothing else. */
  labels: number
  /** It begins a heading that goes on after it. */
  headed: boolean
  /** The words that come after it: a name has several, a phrase such as "Remote work" one. */
  followers: Set<string>
}

const NAME = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}]*(?:[-+.#]?[\p{L}\p{N}]+)*(?:[ ]\p{Lu}[\p{L}\p{N}]*){0,2}/gu
/** "The Harrow" is "Harrow": an article that begins a sentence is no part of a name. */
const ARTICLE = /^(?:The|A|An|Our|Their|Its|In|On|At|For|With|When|If|No|Each|Every|All) (?=\p{Lu})/u
const COMMON = new Set(
  `january february march april may june july august september october november december monday tuesday wednesday thursday
  friday saturday sunday i ok yes no english note notes summary table figure chapter section version draft author authors
  date todo faq appendix introduction background conclusion results result method methods limits impact`.split(/\s+/),
)
/** The part of its mentions in which a name may be written in lower case: "a harrow" is rare where "Harrow" is a name. */
const MAX_LOWER_CASE = 0.3

/** Names by their folded form, without words that are capitalised only for where they stand. */
export function countNames(statements: readonly Statement[]): Map<string, CountedName> {
  const counted = new Map<string, CountedName>()
  const headings = new Set<string>()
  for (const statement of statements) {
    const row = isRow(statement)
    const cell = row ? statement.text.split(' — ')[0] : null
    for (const found of namesAt(statement.text)) {
      // The first cell names a row; the other cells hold values.
      if (row && found.at > 0) continue
      note(counted, statement, found, { lead: found.at === 0 ? 1 : 0, label: found.name === cell, heads: false })
    }
    // An earlier answer's headings are this model's own.
    const heading = statement.from === 'document' ? (statement.headings.at(-1) ?? '') : ''
    const key = `${statement.document}\n${heading}`
    if (headings.has(key)) continue
    headings.add(key)
    for (const found of namesAt(heading)) {
      const whole = found.name === heading
      note(counted, statement, found, { lead: whole ? 2 : 1, label: whole, heads: found.at === 0 && !whole })
    }
  }
  return withoutAccidents(counted, lowerCaseCounts(statements))
}

type Found = Readonly<{ name: string; at: number; follower: string }>

function namesAt(text: string): Found[] {
  const bare = text.replaceAll(/[*_`"“]/g, '')
  return [...bare.matchAll(NAME)].map((match) => ({
    name: match[0].replace(ARTICLE, ''),
    at: match.index,
    follower:
      /^[^\p{L}\p{N}]{0,3}([\p{L}\p{N}]+)/u.exec(bare.slice(match.index + match[0].length))?.[1]?.toLowerCase() ?? '',
  }))
}

function note(
  counted: Map<string, CountedName>,
  statement: Statement,
  { name, follower }: Found,
  { lead, label, heads }: Readonly<{ lead: number; label: boolean; heads: boolean }>,
): void {
  const key = fold(name)
  if (wordsOf(key).every((word) => COMMON.has(word) || STOPWORDS.has(word))) return
  const entry = counted.get(key) ?? {
    name,
    mentions: 0,
    documents: new Set(),
    leads: 0,
    midway: 0,
    labels: 0,
    headed: false,
    followers: new Set(),
  }
  entry.mentions += 1
  entry.leads += lead
  entry.midway += lead === 0 ? 1 : 0
  entry.labels += label ? 1 : 0
  entry.headed ||= heads
  if (follower !== '') entry.followers.add(follower)
  if (statement.document !== null) entry.documents.add(statement.document)
  counted.set(key, entry)
}

function lowerCaseCounts(statements: readonly Statement[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { text } of statements) {
    for (const [word] of text.matchAll(/(?<![\p{L}\p{N}])\p{Ll}[\p{L}\p{N}]*/gu))
      counts.set(fold(word), (counts.get(fold(word)) ?? 0) + 1)
  }
  return counts
}

const LEADS_OF_A_NAME = 3

/**
 * A word that only ever begins sentences is capitalised for that, not for being a name; so is one that also occurs in lower
 * case. "Harrow Cloud" counts for "Harrow" where that is mentioned more.
 */
function withoutAccidents(
  counted: ReadonlyMap<string, CountedName>,
  lowerCase: ReadonlyMap<string, number>,
): Map<string, CountedName> {
  const names = new Map(
    [...counted].filter(([key, name]) => {
      const written = lowerCase.get(key) ?? (key.includes(' ') ? 0 : (lowerCase.get(`${key}s`) ?? 0))
      const heads = name.headed && name.leads >= LEADS_OF_A_NAME && name.followers.size > 1
      return written <= name.mentions * MAX_LOWER_CASE && (name.midway > 0 || name.labels > 0 || heads)
    }),
  )
  for (const [key, name] of names) {
    const [first = ''] = key.split(' ')
    const shorter = first === key ? undefined : names.get(first)
    if (shorter && shorter.mentions >= name.mentions) names.delete(key)
  }
  return names
}
