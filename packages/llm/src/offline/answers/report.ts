import { inWords, page, quoted, upTo, type Size } from '../compose.ts'
import { LEAST_PRESENCE, type Evidence } from '../evidence.ts'
import { withoutRepeats } from '../rank.ts'
import type { Statement } from '../statements.ts'
import { contentStems, topicWords } from '../words.ts'
import { groupBlocks, statementsByGroup } from './compare.ts'
import { conflictsToShow, contradictionBlocks } from './contradictions.ts'

/** The task "write it up": the fittest statements first, then all by subject or section, disputes, and what is missing. */
export function answerReport(
  evidence: Evidence,
  title: string,
  size: Size,
  given: ReadonlySet<Statement> = new Set(),
): string {
  const { ranked, rarity } = evidence
  const best = withoutRepeats(ranked, rarity).slice(0, upTo(4, size))
  const lead = new Set(best.map(({ statement }) => statement))
  const conflicts = conflictsToShow(evidence, size).slice(0, upTo(5, size))
  return page([
    `# ${title}`,
    '## In short',
    best.map(({ statement }) => `- ${quoted(statement)}`).join('\n'),
    ...detail(evidence, lead, size, given),
    ...(conflicts.length === 0
      ? []
      : ['## Where the sources contradict each other', contradictionBlocks(conflicts).join('\n')]),
    // The words of an order to write say how, not what: that they do not occur is no gap.
    given.size > 0 && evidence.presence < LEAST_PRESENCE ? '' : gaps(evidence),
  ])
}

function detail(evidence: Evidence, skip: ReadonlySet<Statement>, size: Size, given: ReadonlySet<Statement>): string[] {
  if (evidence.subjects.length < 2) return inDetail(bySection(evidence, skip, size))
  const groups = statementsByGroup(evidence, upTo(6, size), { skip })
  const used = new Set([...skip, ...[...groups.values()].flat()])
  // What was found for this text is not dropped for being about no subject.
  const left = evidence.ranked.filter(({ statement }) => given.has(statement))
  return inDetail(new Map([...groups, ...bySection({ ...evidence, ranked: left }, used, size, groups)]))
}

const inDetail = (groups: ReadonlyMap<string, readonly Statement[]>): string[] =>
  groups.size === 0 ? [] : ['## In detail', ...groupBlocks(groups)]

/** Statements under the heading that stands above them in their source. */
function bySection(
  evidence: Evidence,
  skip: ReadonlySet<Statement>,
  size: Size,
  begun: ReadonlyMap<string, Statement[]> = new Map(),
): Map<string, Statement[]> {
  const groups = new Map(begun)
  const kept = withoutRepeats(evidence.ranked, evidence.rarity)
    .filter(({ statement }) => !skip.has(statement))
    .slice(0, upTo(24, size))
  for (const { statement } of kept) {
    const name = statement.headings.at(-1) ?? statement.document ?? 'Further'
    groups.set(name, [...(groups.get(name) ?? []), statement])
  }
  return groups
}

const MAX_WORDS = 8

/** Words of a question, as written, that no statement and no heading holds in any form. */
export function unusedWords(question: string, statements: readonly Statement[]): string[] {
  const known = new Set(statements.flatMap(({ stems, context }) => [...stems, ...context]))
  return topicWords(question)
    .filter((word) => !contentStems(word).some((root) => known.has(root)))
    .slice(0, MAX_WORDS)
}

function gaps({ question, statements, unknownNames }: Evidence): string {
  const missing = [...new Set([...unknownNames, ...unusedWords(question, statements)])]
  return missing.length === 0
    ? ''
    : `## What is missing\n\nThe sources never use these words of the question: ${inWords(missing)}.`
}
