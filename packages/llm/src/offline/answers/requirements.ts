import { NOT_ANSWERED } from '../compose.ts'
import type { Evidence } from '../evidence.ts'
import type { Quantity } from '../quantities.ts'
import { comparables, isNormative, isDenied, likeness, oppositeOf, stemsOfName, type Comparable } from '../relate.ts'
import type { Rarity } from '../rank.ts'
import type { Statement } from '../statements.ts'
import { named, type Subject } from '../subjects.ts'
import type { Options } from './options.ts'
import { contentStems } from '../words.ts'

export type CellMark = 'met' | 'not met' | 'disputed' | 'silent'
/** What the statements about one option say to one requirement. */
export type Cell = Readonly<{ mark: CellMark; pro: readonly Statement[]; contra: readonly Statement[] }>
export type Requirement = Readonly<{ statement: Statement; weight: number; cells: ReadonlyMap<Subject, Cell> }>

/** The statements that its marks rest on. */
export const statementsBehind = ({ cells }: Requirement): Statement[] =>
  [...cells.values()].flatMap(({ pro, contra }) => [...pro, ...contra])

const HARD = /\b(?:must|never|shall|required?|mandatory|at least|at most)\b/i
const OWN = 1.5

type Demand = Readonly<{ statement: Statement; weight: number }>
/** What one answer has room for. */
const MAX_DEMANDS = 24

/** What the documents demand, of no option in particular; demands that share words with the question come first. */
export function demandsIn(evidence: Evidence): Demand[] {
  const topic = new Set(evidence.topic)
  return evidence.statements
    .filter((statement) => isDemand(statement, evidence))
    .map((statement) => ({ statement, weight: weightOf(statement, topic) }))
    .toSorted((a, b) => b.weight - a.weight || a.statement.order - b.statement.order)
    .slice(0, MAX_DEMANDS)
}

/** Worked out once for a question, however long the answer is to be. */
const workedOut = new WeakMap<Evidence, readonly Requirement[]>()

/** The demands, and how each option stands to them. What only sounds like one, and nobody speaks of, is left out. */
export function findRequirements(evidence: Evidence, choice: Options): readonly Requirement[] {
  const found = workedOut.get(evidence) ?? requirementsOf(evidence, choice)
  workedOut.set(evidence, found)
  return found
}

function requirementsOf(evidence: Evidence, { options, optionOf }: Options): Requirement[] {
  const names = new Set(options.flatMap((option) => [...stemsOfName(option.name)]))
  const facts = new Map(options.map((option) => [option, factsOf(option, optionOf, evidence, names)]))
  return demandsIn(evidence)
    .map(({ statement, weight }) => ({
      statement,
      weight,
      cells: new Map(options.map((option) => [option, cellOf(statement, facts.get(option) ?? [], names, evidence)])),
    }))
    .filter((requirement) => isSpokenOf(requirement) || standsAsDemand(requirement.statement))
    .toSorted((a, b) => a.statement.order - b.statement.order)
}

/** Whether a statement about any of the options says something to it. */
export const isSpokenOf = ({ cells }: Requirement): boolean => [...cells.values()].some(({ mark }) => mark !== 'silent')

/** Its headings or its document's name say that demands are made there. */
const standsAsDemand = ({ document, headings }: Statement): boolean =>
  DEMANDING_HEADING.test([document ?? '', ...headings].join(' '))

const DEMANDING_HEADING = /\b(?:must|should|requirements?|requires|needs?|criteria|musts?)\b/i

function isDemand(statement: Statement, { subjects, statements }: Evidence): boolean {
  if (statement.kind !== 'sentence' || named(statement.text, subjects).length > 0) return false
  if (statement.text.startsWith(NOT_ANSWERED)) return false
  if (!isNormative(statement.text))
    return DEMANDING_HEADING.test(statement.headings.at(-1) ?? '') && /\bmust\b/i.test(statement.headings.at(-1) ?? '')
  // In a document about one option, demands are made on its users.
  const before = statements[statements.indexOf(statement) - 1]
  const inSection = named(statement.headings.at(-1) ?? '', subjects).length > 0
  return !inSection && !(before && before.block === statement.block && named(before.text, subjects).length > 0)
}

function weightOf(statement: Statement, topic: ReadonlySet<string>): number {
  const around = contentStems([statement.document ?? '', ...statement.headings].join(' '))
  const own = around.some((word) => topic.has(word)) || DEMANDING_HEADING.test(statement.headings.join(' '))
  return (HARD.test(statement.text) || /\bmust/i.test(statement.headings.at(-1) ?? '') ? 1 : 0.6) * (own ? OWN : 1)
}

const factsOf = (
  option: Subject,
  optionOf: Options['optionOf'],
  evidence: Evidence,
  names: ReadonlySet<string>,
): Comparable[] =>
  evidence.statements
    .filter((statement) => optionOf(statement) === option && !isNormative(statement.text))
    .flatMap((statement) => comparables(statement, names))

/** The share of a demand's words, by weight, that a statement about it holds. */
const LEAST_HELD = 0.5
/** Below this the word that tells most has to be among them. */
const NEARLY_ALL = 0.62
const MAX_SHOWN = 2
/** When a demand holds is no part of what is demanded. */
const CIRCUMSTANCE = / (?:when|if|while) .*$/

function cellOf(
  demand: Statement,
  facts: readonly Comparable[],
  names: ReadonlySet<string>,
  { rarity }: Evidence,
): Cell {
  const clauses = comparables({ ...demand, text: demand.text.replace(CIRCUMSTANCE, '') }, names)
  const weigh = (words: readonly string[]): number => words.reduce((sum, word) => sum + rarity(word), 0)
  const found = new Map<Statement, { alike: number; meets: boolean }>()
  for (const clause of clauses) {
    for (const fact of facts) {
      const shared = [...clause.about].filter((word) => fact.about.has(word))
      const held = weigh(shared) / weigh([...clause.about])
      if (shared.length < 2 || held < LEAST_HELD || (held < NEARLY_ALL && !fact.about.has(rarest(clause, rarity))))
        continue
      if (clause.quantities.length > 0 && !speaksOfFigures(clause, fact)) continue
      const alike = likeness(clause.about, fact.about, rarity)
      const known = found.get(fact.statement)
      if (!known || alike > known.alike)
        found.set(fact.statement, { alike, meets: meets(clause, fact, shared, demand.text) })
    }
  }
  const best = [...found].toSorted(([a, x], [b, y]) => y.alike - x.alike || a.order - b.order)
  const pro = best.filter(([, { meets: holds }]) => holds).map(([statement]) => statement)
  const contra = best.filter(([, { meets: holds }]) => !holds).map(([statement]) => statement)
  const mark = pro.length > 0 ? (contra.length > 0 ? 'disputed' : 'met') : contra.length > 0 ? 'not met' : 'silent'
  return { mark, pro: pro.slice(0, MAX_SHOWN), contra: contra.slice(0, MAX_SHOWN) }
}

const rarest = ({ about }: Comparable, rarity: Rarity): string =>
  [...about].toSorted((a, b) => rarity(b) - rarity(a))[0] ?? ''

/** A demand for a figure is met or not by a figure of the same unit. */
const speaksOfFigures = (clause: Comparable, fact: Comparable): boolean =>
  clause.quantities.some(({ unit }) => fact.quantities.some((quantity) => quantity.unit === unit))

function meets(clause: Comparable, fact: Comparable, shared: readonly string[], demand: string): boolean {
  if (oppositeOf(clause, fact) !== null || isDenied(clause, fact, shared)) return false
  for (const wanted of clause.quantities) {
    const given = fact.quantities.filter(({ unit }) => unit === wanted.unit && unit !== '')
    if (given.length > 0) return given.every(({ value }) => isWithin(value, wanted, demand))
  }
  return true
}

const AT_LEAST = /\b(?:at least|no less than|minimum|or more|more than|over)\b/i
const AT_MOST = /\b(?:at most|no more than|within|maximum|up to|less than|under|below|or less)\b/i

function isWithin(value: number, wanted: Quantity, demand: string): boolean {
  if (AT_LEAST.test(demand)) return value >= wanted.value
  if (AT_MOST.test(demand)) return value <= wanted.value
  return Math.abs(value - wanted.value) <= 0.01 * Math.abs(wanted.value)
}
