import { bullets, inWords, NOT_ANSWERED, page, upTo, type Size } from '../compose.ts'
import { asksForDisagreement } from '../disagreement.ts'
import { evaluation } from '../evaluate.ts'
import type { Evidence } from '../evidence.ts'
import { quantitiesIn } from '../quantities.ts'
import { withoutRepeats, type Ranked } from '../rank.ts'
import { negatedStems } from '../relate.ts'
import { holdsSoleWord } from '../sole-word.ts'
import type { Statement } from '../statements.ts'
import { topicWords } from '../words.ts'

const SHOWN = 36
const SHOWN_WHOLE = 80
/** Statements worth less than this part of the best one are left out, and a document whose best is below the second. */
const LEAST_SCORE = 0.06
const LEAST_BEST = 0.05

/** The task "extract": what documents say on a topic, sentence by sentence, grouped by subject, in their order. */
export function answerExtraction(evidence: Evidence, documents: readonly string[], angle: string, size: Size): string {
  const own = fromAngle(evidence.ranked, angle).filter(
    ({ statement }) =>
      (documents.length === 0 || documents.includes(statement.document ?? '')) &&
      (evidence.soleWord === null || holdsSoleWord(statement, evidence.soleWord)),
  )
  // Where sources are held against each other, any statement may be one side.
  const whole = evidence.topic.length === 0 && asksForDisagreement(evidence.question)
  const words = evidence.topic.length === 0 ? [] : topicWords(evidence.question).slice(0, 6)
  const best = own[0]?.score ?? 0
  if (evidence.presence === 0 || own.length === 0 || (best < LEAST_BEST && !whole)) return nothingIn(documents, words)
  const fitting = own.filter(({ score }) => whole || score >= LEAST_SCORE * best)
  const kept = withoutRepeats(
    [...fitting, ...besides(evidence, documents, new Set(fitting.map(({ statement }) => statement)))],
    evidence.rarity,
  ).slice(0, upTo(whole ? SHOWN_WHOLE : SHOWN, size))
  const title =
    documents.length === 0
      ? 'What the documents say'
      : `What ${inWords(documents)} ${documents.length === 1 ? 'says' : 'say'}`
  return page([`## ${title}${words.length > 0 ? ` on ${inWords(words)}` : ''}`, ...groups(kept, evidence)])
}

const FACTS = /\b(?:facts?|figures?|numbers?|data)\b/i
const OBJECTIONS = /\b(?:limits?|risks?|failures?|objections?|drawbacks?|weakness(?:es)?|problems?)\b/i
const FAVOURED = 1.8

/** An angle such as "facts and figures" or "limits and risks" brings the statements of its kind forward. */
function fromAngle(ranked: readonly Ranked[], angle: string): readonly Ranked[] {
  const isOfItsKind = FACTS.test(angle)
    ? ({ statement }: Ranked) => quantitiesIn(statement.text).length > 0
    : OBJECTIONS.test(angle)
      ? ({ statement }: Ranked) => evaluation(statement.text) < 0 || negatedStems(statement.text).size > 0
      : null
  if (isOfItsKind === null) return ranked
  return ranked
    .map((one) => ({ ...one, score: one.score * (isOfItsKind(one) ? FAVOURED : 0.5) }))
    .toSorted((a, b) => b.score - a.score)
}

/** What a document that is read whole says of the subjects in words that nobody asked for: a comparison may turn on it. */
function besides(
  { statements, subjectsOf }: Evidence,
  documents: readonly string[],
  known: ReadonlySet<Statement>,
): Ranked[] {
  const about = statements.filter(
    (statement) =>
      documents.includes(statement.document ?? '') &&
      !known.has(statement) &&
      (subjectsOf.get(statement) ?? []).length === 1,
  )
  return about.map((statement) => ({ statement, score: 0 }))
}

const nothingIn = (documents: readonly string[], words: readonly string[]): string =>
  `${NOT_ANSWERED} this: ${documents.length === 0 ? 'nothing in them' : `nothing in ${inWords(documents)}`} is about ${words.length > 0 ? inWords(words, 'or') : 'what was asked for'}.`

function groups(kept: readonly Ranked[], { subjects, subjectsOf }: Evidence): string[] {
  const byName = new Map<string, Ranked[]>(subjects.map(({ name }) => [name, []]))
  for (const ranked of kept) {
    const about = subjectsOf.get(ranked.statement) ?? []
    const [first] = about
    const name = about.length === 1 && first ? first.name : 'In general'
    byName.set(name, [...(byName.get(name) ?? []), ranked])
  }
  const filled = [...byName].filter(([, ranked]) => ranked.length > 0)
  return filled.map(([name, ranked]) => {
    const lines = bullets(ranked.map(({ statement }) => statement).toSorted((a, b) => a.order - b.order))
    return filled.length === 1 && name === 'In general' ? lines : `### ${name}\n\n${lines}`
  })
}
