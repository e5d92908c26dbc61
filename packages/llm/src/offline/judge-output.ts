import type { JsonObject } from '@flotilla/domain'
import type { ModelRequest } from '../port.ts'
import { asksForDisagreement, withoutDisagreement } from './disagreement.ts'
import { inWords, NOT_ANSWERED } from './compose.ts'
import { findSections, parseSections, sectionText } from './sections.ts'
import { contentStems, topicWords } from './words.ts'

const EVIDENCE_WORDS = /\b(?:cit(?:e|es|ed|ation|ations|ing)|sources?|evidence|quotes?|references?|documents?)\b/i
/** Words of a criterion that say nothing of its matter. */
const GENERIC = new Set(
  contentStems(
    'answer answers describes describe explains explain mentions mention covers output text cites citing citation source document deals covers asked clear clearly complete correct states state name names',
  ),
)
const WEIGHT_OF_EVIDENCE = 0.4

/** Judges by what can be counted: the criterion's words in the output, and whether its citations lead somewhere. */
export function judgeOutput(request: ModelRequest): JsonObject {
  const [message] = request.messages
  const prompt = (message?.content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const root = parseSections(prompt)
  const output = [sectionText(root, 'output'), ...findSections(root, 'artifact').map(({ text }) => text)].join('\n')
  const criterion = findSections(root, 'criterion')
    .map(({ text }) => text.trim())
    .join('\n')
  const quotes = findSections(root, 'quote').length
  const broken = findSections(root, 'unresolved').length
  return verdictOn(criterion, output, quotes, broken)
}

/** The rationale stands before the score, as it is asked for. */
function verdictOn(criterion: string, output: string, quotes: number, broken: number): JsonObject {
  if (output.trim() === '') return { rationale: 'The output is empty. (Simulated by the offline model.)', score: 0 }
  if (output.trim().startsWith(NOT_ANSWERED)) {
    const rationale =
      'The output says that the documents hold no answer, which cannot be checked by counting words. (Simulated by the offline model.)'
    return { rationale, score: 0.75 }
  }
  const { covered, missing } = wordsCovered(criterion, output)
  const cites = quotes + broken > 0
  const needsEvidence = cites || EVIDENCE_WORDS.test(criterion)
  const evidence = cites ? quotes / (quotes + broken) : 0
  const score = needsEvidence ? (1 - WEIGHT_OF_EVIDENCE) * covered + WEIGHT_OF_EVIDENCE * evidence : covered
  const words = `${Math.round(covered * 100)} % of the criterion's words occur in the output${missing.length > 0 ? `; missing: ${inWords(missing.slice(0, 8))}` : ''}.`
  const sources = needsEvidence
    ? ` ${cites ? `${quotes} of ${quotes + broken} cited passages stand in their documents.` : 'It cites nothing.'}`
    : ''
  return {
    rationale: `${words}${sources} (Simulated by the offline model: words are counted, not understood.)`,
    score: Math.round(score * 100) / 100,
  }
}

function wordsCovered(criterion: string, output: string): { covered: number; missing: string[] } {
  // Every account of a disagreement says "contradict", whichever word it was asked for with.
  const asked = asksForDisagreement(criterion) ? `${withoutDisagreement(criterion)} contradict` : criterion
  const wanted = [...new Set(contentStems(asked))].filter((word) => !GENERIC.has(word))
  if (wanted.length === 0) return { covered: 1, missing: [] }
  const found = new Set(contentStems(output))
  const beginnings = new Set([...found].map((word) => word.slice(0, SAME_BEGINNING)))
  const holds = (word: string): boolean =>
    found.has(word) || (word.length >= SAME_BEGINNING && beginnings.has(word.slice(0, SAME_BEGINNING)))
  const absent = new Set(wanted.filter((word) => !holds(word)))
  const missing = topicWords(criterion).filter((word) => contentStems(word).some((root) => absent.has(root)))
  return { covered: 1 - absent.size / wanted.length, missing }
}

/** "Recommends" and "recommendation" are met by the same beginning. */
const SAME_BEGINNING = 6
