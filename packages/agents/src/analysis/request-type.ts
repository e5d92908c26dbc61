import type { Analysis } from '@flotilla/domain'
import type { DocumentOutline } from '../planner/outline-document.ts'

export type RequestType = Analysis['type']
export type TypeGuess = Readonly<{ type: RequestType; confidence: number }>

type Cue = readonly [pattern: RegExp, weight: number]

/** Words that speak for a type. Each counts once, twice where it stands among the first words, where the verb is. */
const CUES: Readonly<Record<Exclude<RequestType, 'custom'>, readonly Cue[]>> = {
  comparison: [
    [/\bcompar(?:e|es|ing|isons?|ative)\b/i, 3],
    [/\b(?:versus|vs)\b/i, 2.5],
    [/\b(?:differences?|differ|trade-?offs?|pros and cons|contrast)\b/i, 2],
    [/\b(?:disagree(?:s|ments?)?|contradict(?:s|ions?)?|conflict(?:s|ing)?)\b/i, 1.5],
    [/\b(?:recommend|choose|pick|decide)\b[^.?!\n]{0,60}\b(?:one|between|which|best)\b/i, 2],
    [/\bwhich\b[^.?!\n]{0,60}\b(?:better|best|faster|safer|cheaper|should (?:we|i))\b/i, 4.5],
  ],
  research: [
    [/\b(?:research|investigate|explore|survey)\b/i, 3],
    [/\b(?:find out|look into|gather|collect|state of the art|literature)\b/i, 2],
    [/\b(?:summari[sz]e|summary|overview|outline|digest|key (?:points|findings))\b/i, 2.5],
    [/\b(?:analy[sz]e|analysis|assess|evaluate|examine|study)\b/i, 1.5],
    [/\b(?:report on|background on|explain)\b/i, 1.5],
  ],
  question: [
    [
      /^\W*(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|does|do|did|can|could|should|will|has|have)\b[^.!\n]*\?\s*$/i,
      3,
    ],
    [/^\W*(?:what|which|who|whom|whose|when|where|why|how)\b/i, 1],
    [/\b(?:answer (?:the|this|these)|tell me)\b/i, 2],
  ],
  writing: [
    [/\b(?:write|draft|compose|rewrite|rephrase|proofread|edit|translate)\b/i, 2],
    [
      /\b(?:blog ?posts?|articles?|essays?|e-?mails?|letters?|newsletters?|press releases?|speech|story|poem|announcements?|release notes|memos?|copy)\b/i,
      2,
    ],
    [/\b(?:tone|audience|readers?|headline|paragraphs?|words long)\b/i, 1],
  ],
  development: [
    [/\b(?:implement|refactor|debug|deploy|program|scaffold)\b/i, 3],
    [/\b(?:build|develop|code|fix|migrate|integrate)\b/i, 1.5],
    [
      /\b(?:api|endpoints?|backend|frontend|database schema|unit tests?|functions?|class(?:es)?|library|cli|microservices?|web ?app|app|login|bugs?|feature|repository|pull request|typescript|python|javascript|java|rust|sql)\b/i,
      2,
    ],
  ],
  security_audit: [
    [/\bsecurity (?:audit|review|assessment|test)\b/i, 4],
    [
      /\b(?:vulnerabilit(?:y|ies)|penetration|pen-?test|threat model|owasp|cve|exploits?|hardening|attack surface)\b/i,
      3,
    ],
    [/\b(?:audit|secrets?|injection|xss|csrf|ssrf|authentication|authori[sz]ation)\b/i, 1],
  ],
  data: [
    [/\b(?:data ?sets?|csv|spreadsheet|time series|data frame)\b/i, 3],
    [
      /\b(?:statistics?|statistical|regression|correlat(?:e|ion)|aggregate|median|percentiles?|outliers?|histogram|chart|plot|forecast)\b/i,
      2,
    ],
    [
      /\b(?:clean|transform|merge|deduplicate|parse|extract)\b[^.?!\n]{0,40}\b(?:data|rows|columns|records|table)\b/i,
      2.5,
    ],
    [/\b(?:average|mean|sum|total|count) (?:of|per|by)\b/i, 1.5],
  ],
}

const LEAD_CHARS = 60

/** What kind of work a goal asks for, from its words and the documents' names. Confidence is 0–1. */
export function guessType(goal: string, documents: readonly Pick<DocumentOutline, 'name'>[]): TypeGuess {
  const lead = goal.trim().slice(0, LEAD_CHARS)
  const scores = Object.entries(CUES).map(([type, cues]) => ({
    type: type as RequestType,
    score: cues.reduce(
      (sum, [pattern, weight]) => sum + (pattern.test(goal) ? weight * (pattern.test(lead) ? 2 : 1) : 0),
      0,
    ),
  }))
  for (const entry of scores) if (entry.score > 0) entry.score += documentBonus(entry.type, documents)
  const [first, second] = scores.toSorted((a, b) => b.score - a.score)
  if (first === undefined || first.score === 0) return { type: 'custom', confidence: 0.3 }
  const margin = (first.score - (second?.score ?? 0)) / first.score
  const confidence = (1 - Math.exp(-first.score / 3)) * (0.5 + 0.5 * margin)
  return { type: first.type, confidence: Math.round(confidence * 100) / 100 }
}

function documentBonus(type: RequestType, documents: readonly Pick<DocumentOutline, 'name'>[]): number {
  const share = (pattern: RegExp) =>
    documents.length === 0 ? 0 : documents.filter((document) => pattern.test(document.name)).length / documents.length
  if (type === 'data') return 2 * share(/\.(?:csv|tsv|jsonl?|ndjson|xlsx?)$/i)
  if (type === 'development') return 2 * share(/\.(?:[cm]?[jt]sx?|py|go|rs|java|rb|php|cs|c|h|cpp|sql|sh)$/i)
  return type === 'comparison' && documents.length > 1 ? 0.5 : 0
}
