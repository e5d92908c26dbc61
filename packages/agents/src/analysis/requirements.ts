import type { Analysis } from '@flotilla/domain'
import type { RequestType } from './request-type.ts'

type Requirement = Analysis['requirements'][number]

const MAX_REQUIREMENTS = 30
const MAX_CHARS = 300

/** Verbs that begin what a goal asks for. */
const VERBS =
  'add|analy[sz]e|answer|apply|assess|audit|avoid|build|calculate|check|choose|cite|classify|collect|compare|compile|compute|consider|convert|count|cover|create|debug|decide|define|deliver|deploy|describe|design|develop|discuss|document|draft|edit|ensure|estimate|evaluate|examine|explain|explore|extract|find|fix|flag|focus|gather|generate|give|group|highlight|identify|implement|include|investigate|keep|limit|list|look|make|map|mark|measure|migrate|mention|name|note|outline|pick|plan|point|prepare|present|prioriti[sz]e|produce|propose|provide|quote|rank|rate|read|recommend|refactor|report|research|review|rewrite|say|score|search|select|set|show|sort|state|structure|suggest|summari[sz]e|support|test|translate|use|validate|verify|write'

const BULLET = /^\s*(?:[-*+•]|\d{1,3}[.)]|\(?[a-z]\))\s+(.+)$/i
const BEGINS_WITH_VERB = new RegExp(
  `^(?:please\\s+|then\\s+|also\\s+|and\\s+|finally,?\\s+)*(?:${VERBS}|do not|don't|never)\\b`,
  'i',
)
const CUE =
  /\b(?:must|should|shall|needs? to|ha(?:s|ve) to|required?|requires|ensure|make sure|without|at least|at most|no (?:more|longer|less) than|only|within|exactly|up to)\b|\?\s*$/i
const JOINT = new RegExp(`(?:;\\s+|,?\\s+(?:and|then|and then)\\s+)(?=(?:${VERBS})\\b)`, 'i')
const COURTESY = /^(?:(?:please|then|also|and|finally),?\s+)+/i

/** What a goal asks for in its own words: its list items, and the sentences and clauses that order, limit or ask. */
export function explicitRequirements(goal: string): Requirement[] {
  const found = new Map<string, string>()
  const keep = (text: string) => {
    const plain = tidy(text)
    if (plain !== '' && !found.has(plain.toLowerCase())) found.set(plain.toLowerCase(), plain)
  }
  const sentences: string[] = []
  for (const line of goal.split(/\r\n|\r|\n/)) {
    const item = BULLET.exec(line)?.[1]
    if (item !== undefined) keep(item)
    else sentences.push(...sentencesOf(line))
  }
  const asking = sentences.filter((sentence) => BEGINS_WITH_VERB.test(sentence) || CUE.test(sentence))
  const first = asking.length === 0 && found.size === 0 ? sentences.slice(0, 1) : []
  const texts = [...asking, ...first].flatMap((sentence) =>
    BEGINS_WITH_VERB.test(sentence) ? sentence.split(JOINT) : [sentence],
  )
  const fromLists = [...found.values()]
  found.clear()
  for (const text of [...texts, ...fromLists]) keep(text)
  return [...found.values()].slice(0, MAX_REQUIREMENTS).map((text) => ({ text, source: 'explicit' }))
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })
const sentencesOf = (line: string): string[] =>
  [...segmenter.segment(line)].map(({ segment }) => segment.trim()).filter((text) => /[\p{L}\p{N}]/u.test(text))

function tidy(text: string): string {
  const plain = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(COURTESY, '')
    .replace(/[.,:;]+$/, '')
  const capital = plain.charAt(0).toUpperCase() + plain.slice(1)
  return capital.length > MAX_CHARS ? `${capital.slice(0, MAX_CHARS - 1).toWellFormed()}…` : capital
}

const BY_TYPE: Readonly<Record<RequestType, readonly string[]>> = {
  research: ['Draw on every source that has something to say', 'Tell findings apart from conclusions'],
  comparison: [
    'Name the criteria of the comparison',
    'Treat every alternative under each criterion',
    'Point out where the sources disagree',
  ],
  question: ['Answer the question first, then give the reasons'],
  writing: ['Suit tone and length to the reader', 'Deliver a text that can be used as it is'],
  development: ['Describe how the work is tested', 'Handle invalid input and failures'],
  security_audit: ['Rank the findings by severity', 'Give the evidence and a remedy for each finding'],
  data: ['State how figures were derived', 'Point out missing and doubtful data'],
  custom: [],
}

/** What a request of this type needs although it does not say so. */
export function inferredRequirements(type: RequestType, hasDocuments: boolean): Requirement[] {
  const cited = hasDocuments
    ? ['Cite document and line for every statement taken from a document', 'Say what the documents do not answer']
    : []
  return [...BY_TYPE[type], ...cited].map((text) => ({ text, source: 'inferred' }))
}
