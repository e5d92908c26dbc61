import { countNames, type CountedName } from './count-names.ts'
import type { Statement } from './statements.ts'
import { fold, namesIn, stem, wordsOf } from './words.ts'

/** What statements are about: a product, a place, a thing with a name. `stems` are those of its name. */
export type Subject = Readonly<{ name: string; stems: readonly string[]; mentions: number }>

const MAX_SUBJECTS = 8
/** Points relative to the first that a subject needs: fewer when it heads a section or opens a row by itself. */
const LEAST_SHARE = { labelled: 0.15, other: 0.35 }
const LEAST_POINTS = 4
/** What is only spoken of in passing ("as PostgreSQL does") is a circumstance, however often it is. */
const LEAST_LEADS = 0.4

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
    .filter((name) => pointsOf(name) >= LEAST_POINTS && name.leads >= 2 && name.mentions >= 2)
    .toSorted((a, b) => pointsOf(b) - pointsOf(a) || (a.name < b.name ? -1 : 1))
  const top = ranked[0] ? pointsOf(ranked[0]) : 0
  return ranked
    .filter((name) => isMain(name, top))
    .slice(0, MAX_SUBJECTS)
    .map(toSubject)
}

const pointsOf = ({ mentions, leads, documents }: CountedName): number => mentions + leads + documents.size

function isMain(name: CountedName, top: number): boolean {
  if (name.labels > 0) return pointsOf(name) >= top * LEAST_SHARE.labelled
  return name.leads >= name.mentions * LEAST_LEADS && pointsOf(name) >= top * LEAST_SHARE.other
}

const toSubject = ({ name, mentions }: CountedName): Subject => ({ name, stems: wordsOf(name).map(stem), mentions })

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
