import { findRelations, type Findings } from './findings.ts'
import type { Material } from './material.ts'
import {
  expandQuery,
  queryOf,
  rankByCentrality,
  rankStatements,
  rarityOf,
  type Query,
  type Ranked,
  type Rarity,
} from './rank.ts'
import type { Statement } from './statements.ts'
import { assignSubjects, findSubjects, type Subject } from './subjects.ts'
import { contentStems, fold, namesIn, questionStems, stem, topicStems } from './words.ts'

/** The material seen through a question: what it is about, and the statements in the order of their fitness. */
export type Evidence = Readonly<{
  question: string
  /** Stems of the question's topic, once each. */
  topic: readonly string[]
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

/** Statements with figures, and those that are about something with a name, say more. */
const FIGURES = 1.15
const NAMED = 1.3

/** "How long" asks for a figure: it is not about length. */
const AMOUNT_ASKED = /\bhow (?:long|many|much|often|far|old|big|large|soon|fast|high|well)\b/gi

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
  const query = withAside(queryOf(topic), topicStems(aside))
  const subjects = findSubjects(goal, statements)
  const subjectsOf = assignSubjects(statements, subjects)
  const ranked = rankAll(statements, query, rarity, subjectsOf)
  const known = knownStems(statements)
  let findings: Findings | undefined
  return {
    question: focus,
    topic,
    statements,
    rarity,
    ranked,
    subjects,
    subjectsOf,
    unknownNames: namesIn(focus).filter(
      (name) => !contentStems(name).some((word) => known.has(word)) && !known.has(stem(fold(name))),
    ),
    presence: presenceOf(topic, known, rarity),
    findings: () =>
      (findings ??= findRelations(
        ranked.map(({ statement }) => statement),
        subjectsOf,
        subjects,
        rarity,
      )),
  }
}

function topicOf(focus: string): string[] {
  const words = focus.replace(AMOUNT_ASKED, ' ')
  return [...new Set(/[?？]/.test(focus) ? questionStems(words) : topicStems(words))]
}

function withAside(query: Query, aside: readonly string[]): Query {
  return new Map([...aside.map((word): [string, number] => [word, 0.4]), ...query])
}

function rankAll(
  statements: readonly Statement[],
  query: Query,
  rarity: Rarity,
  subjectsOf: ReadonlyMap<Statement, readonly Subject[]>,
): Ranked[] {
  const found =
    query.size === 0
      ? rankByCentrality(statements)
      : rankStatements(statements, expandQuery(statements, query, rarity), rarity)
  const weighed = found.map(({ statement, score }) => ({
    statement,
    score:
      score * (/\d/.test(statement.text) ? FIGURES : 1) * ((subjectsOf.get(statement) ?? []).length > 0 ? NAMED : 1),
  }))
  const sorted = weighed.toSorted((a, b) => b.score - a.score || a.statement.order - b.statement.order)
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
  return all === 0 ? 1 : weigh(topic.filter((word) => known.has(word))) / all
}
