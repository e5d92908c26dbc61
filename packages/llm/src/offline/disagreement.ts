/** Sources in general: in a question about disagreement these words name no matter to search for. */
const SOURCES =
  'documents?|docs?|files?|papers?|texts?|polic(?:y|ies)|sources?|notes?|statements?|claims?|records?|reports?|materials?|manuals?|handbooks?|guidelines?|guides?|passages?|sections?|articles?|versions?|accounts?'
const MANY_SOURCES =
  /\b(?:documents|docs|files|papers|texts|policies|sources|notes|statements|claims|records|reports|materials|manuals|handbooks|guidelines|guides|passages|sections|articles|versions|accounts|they|them|each other|one another|[\w-]+\.(?:md|txt|pdf|html|csv))\b/i
const DISAGREES =
  'disagree\\w*|contradict\\w*|conflict(?:s|ed|ing)?|differ(?:s|ed|ing|ences?)?|diverge\\w*|inconsisten\\w*|discrepanc\\w*|incompatible|mismatch\\w*|clash(?:es|ing)?|at (?:odds|variance)'
const DISAGREEMENT = new RegExp(`\\b(?:${DISAGREES})\\b(?! of\\b)`, 'i')
/** Nouns that only ever mean statements: they need no sources beside them. */
const FOUND =
  /\b(?:are there|is there|any|find|list|show|name|what are the|where are the)\b[^.?!\n]*\b(?:contradictions?|inconsistenc(?:y|ies)|discrepanc(?:y|ies)|disagreements?)\b/i
/** "Where do the handbook and the FAQ disagree?" */
const TWO_SIDES = /\bdo\b(?! (?:i|you|we)\b)[^.?!\n]*\band\b[^.?!\n]*\b(?:disagree|contradict|conflict)\b/i

/** Whether a text asks where sources disagree with each other, rather than what they say of a conflict. */
export const asksForDisagreement = (text: string): boolean =>
  FOUND.test(text) ||
  TWO_SIDES.test(text) ||
  text.split(/[.?!\n]+(?=\s|$)/).some((sentence) => DISAGREEMENT.test(sentence) && MANY_SOURCES.test(sentence))

const CHOOSES = /\b(?:recommend\w*|advise|choose|select|pick|compar\w+|summar\w+|review)\b/i

/** Whether all that a text asks is where sources disagree. */
export const asksOnlyForDisagreement = (text: string): boolean =>
  !CHOOSES.test(text) &&
  asksForDisagreement(text) &&
  (text.match(/[^.!?\n]+[?？]/g) ?? []).every((question) => asksForDisagreement(question))

const WORDS_OF_IT = new RegExp(
  `\\b(?:${DISAGREES}|${SOURCES}|another|with|biggest|major|serious|significant|obvious|real|actual|internal|factual|direct(?:ly)?|show|list)\\b`,
  'gi',
)

/** What a question about disagreement is about besides: "Where do the notes differ on leave?" is about leave. */
export const withoutDisagreement = (text: string): string => text.replace(WORDS_OF_IT, ' ')
