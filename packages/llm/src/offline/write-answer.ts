import { findCitations } from '@flotilla/domain'
import { answerComparison } from './answers/compare.ts'
import { answerContradictions } from './answers/contradictions.ts'
import { answerExtraction } from './answers/extract.ts'
import { answerOutline } from './answers/outline.ts'
import { answerQuestion } from './answers/answer-question.ts'
import { answerRecommendation } from './answers/recommend.ts'
import { answerReport, unusedWords } from './answers/report.ts'
import { answerReview } from './answers/review.ts'
import { bullets, inWords, notAnswered, NOT_ANSWERED, OFFLINE_LABEL, page, shortened, type Size } from './compose.ts'
import { asksForDisagreement } from './disagreement.ts'
import { gatherEvidence, LEAST_PRESENCE, withGiven, type Evidence } from './evidence.ts'
import { behaviourOf, documentsNamed, focusOf } from './intent.ts'
import type { Criterion, Material } from './material.ts'
import { rankStatements, queryOf } from './rank.ts'
import { contentStems } from './words.ts'

/** From the fullest answer to the shortest; the first that fits is given. */
const SIZES: readonly Size[] = [1, 0.7, 0.45, 0.3, 0.18, 0.1]
const LARGER: readonly Size[] = [1.5, 2.5, 4]

export type Room = Readonly<{ fits: (text: string) => boolean }>

/** The answer to a task, with its label; within the room and, as far as can be told from the words, within the criteria. */
export function writeAnswer(material: Material, room: Room): string {
  const write = writer(material)
  const bounds = boundsOf(material.criteria)
  const finish = (text: string): string => withLabel(withDemandedTexts(text, material))
  const fits = (text: string): boolean => room.fits(text) && length(text) <= bounds.most
  const full = finish(write(1))
  if (fits(full) && length(full) < bounds.least) {
    const longer = LARGER.map((size) => finish(write(size))).filter(fits)
    return longer.find((text) => length(text) >= bounds.least) ?? padded(longer.at(-1) ?? full, bounds.least, material)
  }
  for (const size of SIZES) {
    const text = finish(write(size))
    if (fits(text)) return text
  }
  return cutToFit(finish(write(0.05)), fits)
}

const length = (text: string): number => [...text.trim()].length
const withLabel = (text: string): string => `${text.trim()}\n\n${OFFLINE_LABEL}`

function boundsOf(criteria: readonly Criterion[]): { least: number; most: number } {
  const values = (rule: string): number[] =>
    criteria.filter((criterion) => criterion.rule === rule).map(({ value }) => Number(value))
  return { least: Math.max(0, ...values('minLength')), most: Math.min(Number.MAX_SAFE_INTEGER, ...values('maxLength')) }
}

/** The behaviour that fits the task, as a function of how much to show. Evidence is gathered once for all sizes. */
function writer(material: Material): (size: Size) => string {
  if (material.statements.length === 0)
    return () => (material.documents.length === 0 ? answerOutline(material) : nothingFound(material))
  const { focus, aside } = focusOf(material)
  const behaviour = behaviourOf(material)
  if (behaviour === 'answer') return answersTo(focus, material)
  const evidence = gatherEvidence(material, material.goal, focus, aside)
  if (behaviour === 'extract')
    return (size) => answerExtraction(evidence, documentsNamed(material), material.task.title, size)
  if (behaviour === 'review') return () => answerReview(material, evidence)
  // A text is written from what was found for it; its own words ("one page for beginners") need not occur there.
  if (material.handedOn.size > 0 && (behaviour === 'report' || evidence.presence === 0)) {
    const given = withGiven(evidence, material.handedOn)
    return (size) => putTogether(behaviour, given, material, size)
  }
  const strangers = evidence.presence < LEAST_PRESENCE && evidence.unknownNames.length > 0
  if (evidence.presence === 0 || strangers) return () => notAnswered(focus, material.documents, evidence.unknownNames)
  const note = evidence.presence < LEAST_PRESENCE ? neverUsed(evidence) : ''
  return (size) => page([note, putTogether(behaviour, evidence, material, size)])
}

function putTogether(
  behaviour: 'compare' | 'contradictions' | 'recommend' | 'report',
  evidence: Evidence,
  material: Material,
  size: Size,
): string {
  switch (behaviour) {
    case 'compare':
      return answerComparison(evidence, size)
    case 'contradictions':
      return answerContradictions(evidence, size)
    case 'recommend':
      return answerRecommendation(evidence, size)
    case 'report':
      return answerReport(evidence, titleOf(material), size, material.handedOn)
  }
}

/** Most of what was asked for is not there in these words: the reader has to know before reading on. */
function neverUsed({ question, statements }: Evidence): string {
  const missing = unusedWords(question, statements)
  return missing.length === 0
    ? ''
    : `_The documents never use these words of the question: ${inWords(missing)}. What they do say:_`
}

const nothingFound = (material: Material): string => notAnswered(focusOf(material).focus, material.documents, [])

const titleOf = ({ task, goal }: Material): string => shortened(task.title || goal.split('\n')[0] || 'Report', 120)

/** Several questions are answered one by one, each under its own words. */
function answersTo(focus: string, material: Material): (size: Size) => string {
  const questions = focus.split('\n').filter((line) => line.trim() !== '')
  const asked = questions.length > 1 && questions.every((line) => /[?？]$/.test(line.trim())) ? questions : [focus]
  const gathered = asked.map((question): [string, Evidence] => [
    question,
    gatherEvidence(material, material.goal, question),
  ])
  return (size) => {
    const answers = gathered.map(([question, evidence]) => ({
      question,
      text: asksForDisagreement(question)
        ? disagreementOn(evidence, material, size)
        : answerQuestion(evidence, material.documents, size),
    }))
    if (answers.length === 1) return answers[0]?.text ?? ''
    // Without any answer there is nothing to cite, and the text has to begin by saying so.
    if (answers.every(({ text }) => text.startsWith(NOT_ANSWERED))) return page(answers.map(({ text }) => text))
    return page(answers.map(({ question, text }) => `### ${question.trim()}\n\n${text}`))
  }
}

const disagreementOn = (evidence: Evidence, { documents }: Material, size: Size): string =>
  evidence.presence === 0
    ? notAnswered(evidence.question, documents, evidence.unknownNames)
    : answerContradictions(evidence, size)

/** A criterion that asks for a text, a number of citations, or was failed before gets what the sources hold on it. */
function withDemandedTexts(text: string, material: Material): string {
  if (text.startsWith(NOT_ANSWERED)) return text
  const demanded = material.criteria
    .filter(({ rule, value }) => rule === 'contains' && !text.includes(value))
    .map(({ value }) => value)
  const citations = Math.max(
    0,
    ...material.criteria.filter(({ rule }) => rule === 'citations').map(({ value }) => Number(value)),
  )
  const missing = citations - findCitations(text).length
  return page([
    text,
    ...demanded.map(
      (wanted) => `## ${wanted}\n\n${bullets(bestFor(wanted, material, 3)) || 'The sources hold nothing on this.'}`,
    ),
    ...(missing > 0 ? [bullets(uncited(text, material, missing))] : []),
    ...material.failed.map(
      (failed) => `## On the criterion: ${failed.split('\n')[0] ?? ''}\n\n${bullets(bestFor(failed, material, 4))}`,
    ),
  ])
}

function bestFor(wanted: string, { statements }: Material, count: number) {
  const query = queryOf(contentStems(wanted))
  return rankStatements(statements, query, () => 1)
    .slice(0, count)
    .map(({ statement }) => statement)
}

const uncited = (text: string, { statements }: Material, count: number) =>
  statements
    .filter(({ markers }) => markers.length > 0 && !markers.some((marker) => text.includes(marker)))
    .slice(0, count)

/** More of the sources' sentences, else of the request itself, until a text is as long as it must be. */
function padded(text: string, least: number, material: Material): string {
  const further = material.statements.map((statement) => bullets([statement])).filter((line) => !text.includes(line))
  const lines =
    further.length > 0
      ? further
      : [...material.dependencies.map(({ text: earlier }) => earlier), material.task.text, material.goal]
  const body = text.slice(0, -OFFLINE_LABEL.length).trim()
  let longer = `${body}\n\n## Further\n`
  for (const line of lines) {
    if (length(withLabel(longer)) >= least) break
    longer += `\n${line}`
  }
  return withLabel(longer)
}

/** The last resort: whole lines from the beginning, as many as fit with the label. */
function cutToFit(text: string, fits: (text: string) => boolean): string {
  const lines = text.slice(0, -OFFLINE_LABEL.length).trim().split('\n')
  while (lines.length > 1 && !fits(withLabel(lines.join('\n')))) lines.pop()
  const cut = withLabel(lines.join('\n'))
  return fits(cut) ? cut : OFFLINE_LABEL
}
