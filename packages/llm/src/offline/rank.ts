import { relatedTo } from './words.ts'
import type { Statement } from './statements.ts'

/** What is looked for: stems with their weight. */
export type Query = ReadonlyMap<string, number>
/** How telling each stem is among some statements: rare ones more. Unknown stems are the rarest. */
export type Rarity = (stem: string) => number

/** What a word that is nowhere weighs, to one that occurs once: not much more, or a turn of phrase outweighs all else. */
const UNKNOWN = 1.25

export const queryOf = (stems: Iterable<string>): Query => new Map([...stems].map((stem) => [stem, 1]))

export function rarityOf(statements: readonly Statement[]): Rarity {
  const counts = new Map<string, number>()
  for (const statement of statements) for (const stem of statement.stems) counts.set(stem, (counts.get(stem) ?? 0) + 1)
  const total = statements.length
  const weigh = (count: number): number => Math.log(1 + Math.max(0, total - count + 0.5) / (count + 0.5))
  const unknown = UNKNOWN * weigh(1)
  return (stem) => {
    const count = counts.get(stem)
    return count === undefined ? unknown : weigh(count)
  }
}

export type Ranked = Readonly<{ statement: Statement; score: number }>

/** Words of the headings and of the sentence before count less than the statement's own. */
const CONTEXT_WEIGHT = 0.45
const RELATED_WEIGHT = 0.4
const LENGTH_WEIGHT = 0.6

/** BM25 over statements, each as a set of stems. Best first; those without any word of the query are left out. */
export function rankStatements(statements: readonly Statement[], query: Query, rarity: Rarity): Ranked[] {
  const meanLength = statements.reduce((sum, { stems }) => sum + stems.size, 0) / Math.max(1, statements.length)
  return statements
    .map((statement) => ({ statement, score: scoreOf(statement, query, rarity, meanLength) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || a.statement.order - b.statement.order)
}

function scoreOf(statement: Statement, query: Query, rarity: Rarity, meanLength: number): number {
  const norm = 1.2 * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * (statement.stems.size / Math.max(1, meanLength)))
  let score = 0
  for (const [stem, weight] of query) {
    const frequency = statement.stems.has(stem) ? 1 : statement.context.has(stem) ? CONTEXT_WEIGHT : 0
    score += weight * rarity(stem) * ((frequency * 2.2) / (frequency + norm))
  }
  return score * proseWeight(statement)
}

const REFERS_BACK =
  /^(?:[\p{L}\p{N} ]{1,30}: )?["“]?(?:it|this|that|these|those|they|he|she|such|both|there|so|but|and|or|otherwise|however)\b/iu

/** Code, a mere word or two, and sentences that begin with a word for something said before, are poor quotes. */
function proseWeight(statement: Statement): number {
  if (statement.kind === 'code') return 0.5
  if (statement.stems.size < 3) return 0.6
  return REFERS_BACK.test(statement.text) ? 0.8 : 1
}

/** Words that come with the best matches of a query are added with a smaller weight: documents call a thing many names. */
export function expandQuery(statements: readonly Statement[], query: Query, rarity: Rarity): Query {
  const best = rankStatements(statements, query, rarity).slice(0, 12)
  const together = new Map<string, number>()
  for (const { statement } of best) {
    for (const stem of statement.stems) {
      if (!query.has(stem) && !/^\d/.test(stem))
        together.set(stem, (together.get(stem) ?? 0) + rarity(stem) / best.length)
    }
  }
  const added = [...together]
    .filter(([, weight]) => weight > 0)
    .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, 12)
  const top = added[0]?.[1] ?? 1
  return new Map([...query, ...added.map(([stem, weight]): [string, number] => [stem, (0.35 * weight) / top])])
}

/** The share of the query's weight, 0–1, that a statement holds, with its context at less than half. */
export function coverage(statement: Statement, stems: readonly string[], rarity: Rarity): number {
  let held = 0
  let all = 0
  for (const stem of stems) {
    const weight = rarity(stem)
    all += weight
    held += weight * shareOf(stem, statement)
  }
  return all === 0 ? 0 : held / all
}

/** A word in its heading, or in a word that it shows in, counts less than the word itself. */
function shareOf(stem: string, { stems, context }: Statement): number {
  if (stems.has(stem)) return 1
  if (context.has(stem)) return CONTEXT_WEIGHT
  for (const related of relatedTo(stem)) if (stems.has(related)) return RELATED_WEIGHT
  return 0
}

/** Statements by how much they share with all others: what a text is about when nothing is asked of it. */
export function rankByCentrality(statements: readonly Statement[]): Ranked[] {
  const frequency = new Map<string, number>()
  for (const { stems } of statements) for (const stem of stems) frequency.set(stem, (frequency.get(stem) ?? 0) + 1)
  return statements
    .map((statement) => {
      const sum = [...statement.stems].reduce((total, stem) => total + Math.log(frequency.get(stem) ?? 1), 0)
      return { statement, score: (sum / Math.sqrt(statement.stems.size + 4)) * proseWeight(statement) }
    })
    .toSorted((a, b) => b.score - a.score || a.statement.order - b.statement.order)
}

/** How much two statements say the same, 0–1, by their words' weights; `ignore` leaves words out. */
export function similarity(a: Statement, b: Statement, rarity: Rarity, ignore?: ReadonlySet<string>): number {
  let shared = 0
  let all = 0
  for (const stem of a.stems) {
    if (ignore?.has(stem)) continue
    const weight = rarity(stem)
    all += weight
    if (b.stems.has(stem)) shared += weight
  }
  for (const stem of b.stems) if (!ignore?.has(stem)) all += rarity(stem)
  return all === 0 ? 0 : (2 * shared) / all
}

const SAME = 0.85

/** Keeps the first of statements that say the same in the same words; figures make a difference. */
export function withoutRepeats(ranked: readonly Ranked[], rarity: Rarity): Ranked[] {
  const kept: Ranked[] = []
  for (const candidate of ranked) {
    const repeat = kept.some(({ statement }) => isRepeat(statement, candidate.statement, rarity))
    if (!repeat) kept.push(candidate)
  }
  return kept
}

export function isRepeat(a: Statement, b: Statement, rarity: Rarity): boolean {
  const figures = (statement: Statement): string =>
    [...statement.stems]
      .filter((stem) => /\d/.test(stem))
      .toSorted()
      .join(' ')
  return figures(a) === figures(b) && similarity(a, b, rarity) >= SAME
}
