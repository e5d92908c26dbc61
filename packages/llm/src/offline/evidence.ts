import { asksForDisagreement, withoutDisagreement } from './disagreement.ts'
import { findRelations, type Findings } from './findings.ts'
import type { Material } from './material.ts'
import {
  coverage,
  expandQuery,
  queryOf,
  rankByCentrality,
  rankStatements,
  rarityOf,
  type Query,
  type Ranked,
  type Rarity,
} from './rank.ts'
import { soleWordOf } from './sole-word.ts'
import type { Statement } from './statements.ts'
import { assignSubjects, findSubjects, type Subject } from './subjects.ts'
import { contentStems, fold, namesIn, questionStems, relatedTo, stem, topicStems } from './words.ts'

/** The material seen through a question: what it is about, and the statements in the order of their fitness. */
export type Evidence = Readonly<{
  question: string
  /** Stems of the question's topic, once each. */
  topic: readonly string[]
  /** The one word that it is about, which an answer has to hold; see `holdsSoleWord`. */
  soleWord: string | null
  statements: readonly Statement[]
  rarity: Rarity
  /** All statements, those that fit best first; the score of the best is 1. */
  ranked: readonly Ranked[]
  subjects: readonly Subject[]
  subjectsOf: ReadonlyMap<Statement, readonly Subject[]>
  /** Names in the question that the material never mentions, as they are written. */
  unknownNames: readonly string[]
  /** The share, 0–1, of the topic's weight that occurs anywhere in the material; 1 for a question without a topic. */
  presence: number
  findings: () => Findings
}>

/** Of the words asked about, by weight, what the material has to mention; below it the answer begins by saying so. */
export const LEAST_PRESENCE = 0.35

/** Statements with figures, and those that are about something with a name, say more. */
const FIGURES = 1.15
const NAMED = 1.3

/** `focus` is what is asked; `aside` (such as the goal behind a task) counts less. */
export function gatherEvidence(
  material: Pick<Material, 'statements'>,
  goal: string,
  focus: string,
  aside = '',
): Evidence {
  const { statements } = material
  const rarity = rarityOf(statements)
  const topic = topicOf(focus)
  const query = withAside(
    queryOf(topic),
    topic.flatMap((word) => [...relatedTo(word)]),
    topicStems(aside),
  )
  const subjects = findSubjects(goal, statements)
  const subjectsOf = assignSubjects(statements, subjects)
  const all = (SUMS_UP.test(focus) && topic.length <= FEW_WORDS) || (topic.length === 0 && asksForDisagreement(focus))
  const found = all ? rankEverything(statements, topic, rarity) : rankByQuery(statements, query, rarity)
  const ranked = weighed(found, subjectsOf)
  const known = knownStems(statements)
  let findings: Findings | undefined
  return {
    question: focus,
    topic,
    soleWord: soleWordOf(focus, topic),
    statements,
    rarity,
    ranked,
    subjects,
    subjectsOf,
    unknownNames: namesIn(focus).filter(
      (name) => !contentStems(name).some((word) => known.has(word)) && !known.has(stem(fold(name))),
    ),
    presence: presenceOf(topic, known, rarity),
    findings: () => (findings ??= findRelations(bestFirst(ranked, statements), subjectsOf, subjects, rarity)),
  }
}

/** Puts what earlier tasks found first, whatever its words: it was found for this. What else fits the words follows. */
export function withGiven(evidence: Evidence, given: ReadonlySet<Statement>): Evidence {
  if (given.size === 0) return evidence
  const fitting = evidence.ranked.filter(({ statement }) => given.has(statement))
  const known = new Set(fitting.map(({ statement }) => statement))
  const rest = rankByCentrality([...given]).filter(({ statement }) => !known.has(statement))
  const others = evidence.ranked.filter(({ statement }) => !given.has(statement))
  const inOrder = [...fitting, ...rest, ...(evidence.presence < LEAST_PRESENCE ? [] : others)]
  const ranked = inOrder.map(({ statement }, i) => ({ statement, score: 1 - i / inOrder.length }))
  return { ...evidence, ranked }
}

/** All statements: those that fit nothing may still deny each other, and come last. */
function bestFirst(ranked: readonly Ranked[], statements: readonly Statement[]): Statement[] {
  const fitting = ranked.map(({ statement }) => statement)
  const known = new Set(fitting)
  return [...fitting, ...statements.filter((statement) => !known.has(statement))]
}

function topicOf(focus: string): string[] {
  if (asksForDisagreement(focus)) return [...new Set(topicStems(withoutDisagreement(focus)))]
  return [...new Set(/[?？]/.test(focus) ? questionStems(focus) : topicStems(focus))]
}

/** What is asked counts whole, words that it shows in and words said aside count less. */
const withAside = (query: Query, related: readonly string[], aside: readonly string[]): Query =>
  new Map([
    ...related.map((word): [string, number] => [word, RELATED_WEIGHT]),
    ...aside.map((word): [string, number] => [word, ASIDE_WEIGHT]),
    ...query,
  ])
const RELATED_WEIGHT = 0.3
const ASIDE_WEIGHT = 0.4

const rankByQuery = (statements: readonly Statement[], query: Query, rarity: Rarity): Ranked[] =>
  query.size === 0
    ? rankByCentrality(statements)
    : rankStatements(statements, expandQuery(statements, query, rarity), rarity)

/** A summary is of everything, with some weight on the words that it is asked for with. */
const SUMS_UP = /\b(?:summar\w*|overview|digest|key points)\b/i
const FEW_WORDS = 3
const rankEverything = (statements: readonly Statement[], topic: readonly string[], rarity: Rarity): Ranked[] =>
  rankByCentrality(statements).map(({ statement, score }) => ({
    statement,
    score: score * (1 + coverage(statement, topic, rarity)),
  }))

function weighed(found: readonly Ranked[], subjectsOf: ReadonlyMap<Statement, readonly Subject[]>): Ranked[] {
  const scored = found.map(({ statement, score }) => ({
    statement,
    score:
      score * (/\d/.test(statement.text) ? FIGURES : 1) * ((subjectsOf.get(statement) ?? []).length > 0 ? NAMED : 1),
  }))
  const sorted = scored.toSorted((a, b) => b.score - a.score || a.statement.order - b.statement.order)
  const top = sorted[0]?.score ?? 1
  return sorted.map(({ statement, score }) => ({ statement, score: score / (top || 1) }))
}

function knownStems(statements: readonly Statement[]): ReadonlySet<string> {
  const known = new Set<string>()
  for (const { stems, context, document } of statements) {
    for (const word of stems) known.add(word)
    for (const word of context) known.add(word)
    for (const word of contentStems(document ?? '')) known.add(word)
  }
  return known
}

function presenceOf(topic: readonly string[], known: ReadonlySet<string>, rarity: Rarity): number {
  const weigh = (words: readonly string[]): number => words.reduce((sum, word) => sum + rarity(word), 0)
  const all = weigh(topic)
  return all === 0
    ? 1
    : weigh(topic.filter((word) => known.has(word) || [...relatedTo(word)].some((related) => known.has(related)))) / all
}
