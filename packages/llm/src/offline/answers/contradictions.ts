import { cite, inWords, page, upTo, type Size } from '../compose.ts'
import type { Evidence } from '../evidence.ts'
import type { Cluster } from '../findings.ts'
import { isRow, type Statement } from '../statements.ts'
import { quantitiesIn } from '../quantities.ts'
import { contentStems } from '../words.ts'

const SHOWN = 10

/** Disputes, the surest and most to the point first. They are what a reader must not miss, so they shrink last. */
export function conflictsToShow(evidence: Evidence, size: Size): Cluster[] {
  const fitness = new Map(evidence.ranked.map(({ statement, score }) => [statement, score]))
  const weight = ({ strength, statements }: Cluster): number =>
    strength + 0.5 * Math.max(...statements.map((statement) => fitness.get(statement) ?? 0))
  return evidence
    .findings()
    .conflicts.toSorted((a, b) => weight(b) - weight(a))
    .slice(0, upTo(SHOWN, Math.min(1.5, size * 1.6)))
}

/** Each dispute with its sides next to each other, grouped by what they say. */
export function contradictionBlocks(conflicts: readonly Cluster[]): string[] {
  return conflicts.map((conflict, i) => {
    const title = [conflict.subject?.name ?? '', topicOf(conflict)].filter((part) => part !== '').join(': ')
    const why = conflict.why.length > 0 ? ` (${conflict.why.join('; ')})` : ''
    return `${i + 1}. **${title || 'Different statements'}**${why}\n${sides(conflict.statements)}`
  })
}

const sides = (statements: readonly Statement[]): string =>
  onceEach(statements)
    .map((statement) => `   - ${statement.document ?? 'earlier answer'}: ${statement.text} ${cite(statement)}`)
    .join('\n')

/** A document that gives the same figures in a table and in a sentence is quoted with the sentence. */
export function onceEach(statements: readonly Statement[]): Statement[] {
  const figures = (statement: Statement): string =>
    `${statement.document}\n${quantitiesIn(statement.text)
      .map(({ value, unit }) => `${value}${unit}`)
      .join()}`
  return statements.filter((statement) => {
    const others = statements.filter((other) => other !== statement && figures(other) === figures(statement))
    return !others.some((other) =>
      isRow(statement) === isRow(other) ? other.order < statement.order : isRow(statement),
    )
  })
}

/** The words, as written, that most of the statements share. */
export function topicOf(cluster: Cluster): string {
  const { statements, subject } = cluster
  const counts = new Map<string, number>()
  for (const { stems } of statements) for (const word of stems) counts.set(word, (counts.get(word) ?? 0) + 1)
  const skipped = new Set(subject?.stems ?? [])
  const common = new Set(
    [...counts]
      .filter(
        ([word, count]) => count >= 2 && count >= statements.length * 0.6 && !skipped.has(word) && !/^\d/.test(word),
      )
      .map(([word]) => word),
  )
  return phraseWith(common, statements)
}

/** The common words in the order and form of the shortest statement that has them all, or most. */
function phraseWith(common: ReadonlySet<string>, statements: readonly Statement[]): string {
  const bestFirst = statements.toSorted((a, b) => held(b, common) - held(a, common) || a.text.length - b.text.length)
  const words = (bestFirst[0]?.text ?? '').match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? []
  const seen = new Set<string>()
  const kept = words.filter((word) => {
    const [root] = contentStems(word)
    if (root === undefined || !common.has(root) || seen.has(root) || isUnit(word)) return false
    seen.add(root)
    return true
  })
  return kept.slice(0, 5).join(', ').toLowerCase()
}

const isUnit = (word: string): boolean =>
  quantitiesIn(`2 ${word}`).some(({ value, unit }) => value !== 2 || unit === 's')

const held = (statement: Statement, common: ReadonlySet<string>): number =>
  [...common].filter((word) => statement.stems.has(word)).length

/** The task "find where the sources disagree", and where they do not. */
export function answerContradictions(evidence: Evidence, size: Size): string {
  const conflicts = conflictsToShow(evidence, size)
  const agreements = evidence.findings().agreements.slice(0, upTo(6, size))
  const documents = new Set(evidence.statements.map(({ document }) => document))
  const none =
    documents.size < 2
      ? 'Statements are compared between documents, and only one document was read.'
      : 'No two statements were found that differ in a figure or deny each other.'
  return page([
    '## Where the sources contradict each other',
    conflicts.length === 0 ? none : contradictionBlocks(conflicts).join('\n'),
    ...(agreements.length === 0 ? [] : ['## Where they agree', agreements.map(agreementLine).join('\n')]),
  ])
}

/** The first statement with its own source; the others in their own words stand behind theirs. */
export function agreementLine({ statements }: Cluster): string {
  const [first, ...others] = statements
  if (first === undefined) return ''
  const also = [...new Set(others.map(cite))].filter((markers) => markers !== cite(first))
  return `- ${first.text} ${cite(first)}${also.length > 0 ? ` (also ${inWords(also)})` : ''}`
}
