import { bullets, inWords, notAnswered, page, quoted, upTo, type Size } from '../compose.ts'
import type { Evidence } from '../evidence.ts'
import { coverage, withoutRepeats } from '../rank.ts'
import { quantitiesIn } from '../quantities.ts'
import { holdsSoleWord } from '../sole-word.ts'
import type { Statement } from '../statements.ts'
import { named } from '../subjects.ts'
import { onceEach } from './contradictions.ts'

/** The share of the question's words that the best sentence has to hold, with its headings and the sentence before it. */
const LEAST_COVERAGE = 0.5
/** Pairs of characters match less often than words. */
const LEAST_COVERAGE_UNSPACED = 0.25
/** Further sentences, relative to the best one. */
const RELATED = 0.7
/** What a statement about something else than what is asked about is worth. */
const ELSEWHERE = 0.5
const SHOWN = 5

type Fit = Readonly<{ statement: Statement; score: number; covered: number }>

/** The task "answer this": the sentences that hold most of the question's words, or that there are none. */
export function answerQuestion(evidence: Evidence, documents: readonly string[], size: Size): string {
  const { topic, question, unknownNames, rarity, ranked, soleWord } = evidence
  if (topic.length === 0) return bullets(ranked.slice(0, upTo(SHOWN, size)).map(({ statement }) => statement))
  const fits = fitsOf(evidence).filter(({ statement }) => soleWord === null || holdsSoleWord(statement, soleWord))
  const [best] = fits
  const onlyUnknown = unknownNames.length > 0 && unknownNames.length === namesAsked(evidence)
  if (best === undefined || (soleWord === null && best.covered < leastCoverage(topic)) || onlyUnknown)
    return notAnswered(question, documents, unknownNames)
  const close = fits.filter(
    (fit) =>
      fit.score >= best.score * RELATED &&
      (soleWord !== null || holdsAny(fit.statement, topic) || refersBack(fit.statement)),
  )
  const [first = best.statement, ...more] = withoutRepeats(close, rarity)
    .slice(0, upTo(SHOWN, size))
    .map(({ statement }) => statement)
  const disputes = evidence.findings().conflicts.filter(({ statements }) => statements.includes(first))
  const disputed = new Set(disputes.flatMap(({ statements }) => statements))
  return page([
    withLead(first, evidence),
    ...disputes.map(
      ({ why, statements }) =>
        `The sources disagree on this${why.length > 0 ? ` (${why.join('; ')})` : ''}:\n\n${sides(onceEach(statements))}`,
    ),
    related(more.filter((statement) => !disputed.has(statement))),
    unknownNames.length === 0
      ? ''
      : `The documents never mention ${inWords(
          unknownNames.map((name) => `"${name}"`),
          'or',
        )}.`,
  ])
}

const leastCoverage = (topic: readonly string[]): number => {
  const pairs = topic.filter((word) => /^[^\p{ASCII}]{2}$/u.test(word)).length
  return pairs > topic.length / 2 ? LEAST_COVERAGE_UNSPACED : LEAST_COVERAGE
}

const holdsAny = ({ stems }: Statement, topic: readonly string[]): boolean => topic.some((word) => stems.has(word))
const refersBack = ({ text }: Statement): boolean => /\b(?:it|its|this|that|these|those|they|them|their)\b/i.test(text)

/** A sentence that says something of "it" stands with the one before it, where that is what was asked about. */
function withLead(statement: Statement, { statements, topic }: Evidence): string {
  const before = statements[statements.indexOf(statement) - 1]
  const missing = topic.some((word) => !statement.stems.has(word) && before?.stems.has(word))
  const leads =
    before && before.block === statement.block && before.kind === 'sentence' && refersBack(statement) && missing
  return leads ? `${quoted(before)} ${quoted(statement)}` : quoted(statement)
}

const namesAsked = ({ question, unknownNames, subjects }: Evidence): number =>
  unknownNames.length + subjects.filter(({ name }) => question.includes(name)).length

const sides = (statements: readonly Statement[]): string =>
  statements.map((statement) => `- ${statement.document ?? 'earlier answer'}: ${quoted(statement)}`).join('\n')

const related = (statements: readonly Statement[]): string =>
  statements.length === 0 ? '' : `Also on this:\n\n${bullets(statements)}`

function fitsOf(evidence: Evidence): Fit[] {
  const { question, topic, rarity, subjects, subjectsOf, ranked } = evidence
  const wants = wantedForm(question)
  const about = named(question, subjects)
  return ranked
    .map(({ statement, score }) => {
      const covered = coverage(statement, topic, rarity)
      const elsewhere =
        about.length > 0 && !(subjectsOf.get(statement) ?? []).some((subject) => about.includes(subject))
      return {
        statement,
        covered,
        score: (covered + 0.35 * score) * (wants(statement) ? 1.3 : 1) * (elsewhere ? ELSEWHERE : 1),
      }
    })
    .toSorted((a, b) => b.score - a.score || a.statement.order - b.statement.order)
}

/** What an answer looks like: a question for an amount is answered by a figure, one for a reason by "because". */
function wantedForm(question: string): (statement: Statement) => boolean {
  if (
    /\b(?:how (?:long|many|much|often|old|far|fast|big|large|hot|high)|what (?:percentage|number|temperature|amount|size|rate))\b/i.test(
      question,
    )
  )
    return ({ text }) => quantitiesIn(text).length > 0
  if (/\bwhen\b/i.test(question))
    return ({ text }) => /\d|\b(?:before|after|until|monday|daily|weekly|yearly|immediately)\b/i.test(text)
  if (/\bwhy\b/i.test(question))
    return ({ text }) => /\b(?:because|since|due to|so that|therefore|reason|cause[sd]?)\b/i.test(text)
  if (/\bwho\b/i.test(question))
    return ({ text }) => /\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+|\b(?:manager|team|lead|owner|group|department)\b/u.test(text)
  return () => false
}
