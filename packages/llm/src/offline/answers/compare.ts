import { bullets, page, quoted, upTo, type Size } from '../compose.ts'
import type { Evidence } from '../evidence.ts'
import { withoutRepeats, type Ranked } from '../rank.ts'
import { isNormative } from '../relate.ts'
import { isRow, type Statement } from '../statements.ts'
import { agreementLine, conflictsToShow, contradictionBlocks } from './contradictions.ts'
import { optionsOf } from './options.ts'
import { findRequirements, statementsBehind } from './requirements.ts'

const PER_GROUP = 9

/** What is said of each subject; where no subjects have names, by each document. */
export function statementsByGroup(
  evidence: Evidence,
  perGroup: number,
  choice: Readonly<{ skip?: ReadonlySet<Statement>; first?: ReadonlySet<Statement> }> = {},
): Map<string, Statement[]> {
  const { skip, first } = choice
  const { options, optionOf } = optionsOf(evidence)
  const groups = new Map<string, Ranked[]>(options.map(({ name }) => [name, []]))
  const inOrder = evidence.ranked.toSorted(
    (a, b) => Number(first?.has(b.statement) ?? 0) - Number(first?.has(a.statement) ?? 0),
  )
  for (const ranked of withoutRepeats(inOrder, evidence.rarity)) {
    if (skip?.has(ranked.statement)) continue
    const name =
      optionOf(ranked.statement)?.name ?? (ranked.statement.document === null ? 'Earlier answers' : undefined)
    // A statement about several subjects, or about none, belongs to no group.
    if (name === undefined) continue
    groups.set(name, [...(groups.get(name) ?? []), ranked])
  }
  return new Map(
    [...groups]
      .filter(([, ranked]) => ranked.length > 0)
      .map(([name, ranked]) => [name, mostlySentences(ranked, perGroup)]),
  )
}

/** Rows of tables are short and many: they get at most a third of the places. */
function mostlySentences(ranked: readonly Ranked[], count: number): Statement[] {
  let rows = Math.ceil(count / 3)
  return ranked
    .filter(({ statement }) => !isRow(statement) || rows-- > 0)
    .slice(0, count)
    .map(({ statement }) => statement)
}

/** What the sources demand of whatever is chosen: it is about no subject, and decides between them. */
const demands = (evidence: Evidence, count: number): Statement[] =>
  evidence.ranked
    .filter(({ statement }) => isNormative(statement.text) && (evidence.subjectsOf.get(statement) ?? []).length === 0)
    .slice(0, count)
    .map(({ statement }) => statement)

/** Groups in which every statement stands with its citation, in the order of the sources. */
export const groupBlocks = (groups: ReadonlyMap<string, readonly Statement[]>): string[] =>
  [...groups].map(([name, statements]) => `### ${name}\n\n${bullets(statements.toSorted((a, b) => a.order - b.order))}`)

/** What the statements that name two subjects or more say. */
const acrossGroups = (evidence: Evidence, count: number): Statement[] =>
  withoutRepeats(
    evidence.ranked.filter(({ statement }) => (evidence.subjectsOf.get(statement) ?? []).length > 1),
    evidence.rarity,
  )
    .slice(0, count)
    .map(({ statement }) => statement)

/** The task "compare": side by side, then where the sources agree and where they contradict each other. */
export function answerComparison(evidence: Evidence, size: Size): string {
  // What answers a demand is kept, since a choice between the subjects will rest on it.
  const answering =
    evidence.subjects.length >= 2 ? findRequirements(evidence, optionsOf(evidence)).flatMap(statementsBehind) : []
  const groups = statementsByGroup(evidence, upTo(PER_GROUP, size), { first: new Set(answering) })
  const across = acrossGroups(evidence, upTo(3, size))
  const demanded = evidence.subjects.length >= 2 ? demands(evidence, upTo(8, size)) : []
  const conflicts = conflictsToShow(evidence, size)
  const agreements = evidence.findings().agreements.slice(0, upTo(5, size))
  return page([
    evidence.subjects.length >= 2 ? '## By subject' : '## By document',
    ...groupBlocks(groups),
    ...(across.length === 0
      ? []
      : [`### Compared directly\n\n${across.map((statement) => `- ${quoted(statement)}`).join('\n')}`]),
    ...(demanded.length === 0
      ? []
      : [`### Demanded of any of them\n\n${bullets(demanded.toSorted((a, b) => a.order - b.order))}`]),
    '## Where the sources contradict each other',
    conflicts.length === 0
      ? 'No two statements were found that differ in a figure or deny each other.'
      : contradictionBlocks(conflicts).join('\n'),
    ...(agreements.length === 0 ? [] : ['## Where they agree', agreements.map(agreementLine).join('\n')]),
  ])
}
