import { asksForDisagreement, asksOnlyForDisagreement } from './disagreement.ts'
import type { Material } from './material.ts'

/** What an agent's task is, as far as the offline model tells tasks apart. */
export type Behaviour = 'answer' | 'extract' | 'compare' | 'contradictions' | 'recommend' | 'report' | 'review'

/** Types of the built-in templates and of common plans. */
const BY_TYPE: ReadonlyMap<string, Behaviour> = new Map([
  ['answer', 'answer'],
  ['question', 'answer'],
  ['find', 'extract'],
  ['lookup', 'extract'],
  ['extract', 'extract'],
  ['angle', 'extract'],
  ['compare', 'compare'],
  ['comparison', 'compare'],
  ['contradictions', 'contradictions'],
  ['recommend', 'recommend'],
  ['recommendation', 'recommend'],
  ['review', 'review'],
  ['report', 'report'],
  ['synthesis', 'report'],
  ['draft', 'report'],
  ['delivery', 'report'],
])

/** The most telling word first: a request to compare and to recommend ends in a recommendation. */
const BY_WORDS: readonly (readonly [RegExp, Behaviour])[] = [
  [
    /\b(?:recommend\w*|advise|which (?:one|of (?:them|these))|choose|select the|pick (?:one|the)|rank the)\b/i,
    'recommend',
  ],
  [/\b(?:contradict\w*|disagree\w*|conflict(?:s|ing)?|inconsisten\w*|discrepanc\w*)\b/i, 'contradictions'],
  [/\b(?:compar\w+|contrast|versus|vs\.?|differences? between|side by side)\b/i, 'compare'],
  [/\b(?:review|critique|proofread|double-check)\b/i, 'review'],
  [/^\s*(?:write|draft|compose)\b/im, 'report'],
  [/\b(?:extract|collect|gather|list|quote)\b/i, 'extract'],
  [
    /[?？]|^\s*(?:who|what|when|where|why|how|which|is|are|does|do|can|answer|find(?: out)?|tell me|explain)\b/i,
    'answer',
  ],
]

/** A template's own tasks say by their type what they are; others by their words. */
export function behaviourOf({ task, goal, dependencies }: Material): Behaviour {
  const known = BY_TYPE.get(task.type)
  if (known) return known === 'report' && asksOnlyForDisagreement(goal) ? 'contradictions' : known
  const text = `${task.title}\n${task.text}`.trim() || goal
  if (asksOnlyForDisagreement(text)) return 'contradictions'
  // "What happens when an employee disagrees?" is a question like any other.
  const asksElse = /[?？]/.test(text) && !asksForDisagreement(text)
  for (const [pattern, behaviour] of BY_WORDS) {
    if (behaviour === 'contradictions' && asksElse) continue
    if (pattern.test(text)) return behaviour === 'review' && dependencies.length === 0 ? 'report' : behaviour
  }
  return 'report'
}

/** Types whose instructions only repeat the goal in other words: the goal is the question then. */
const ABOUT_THE_GOAL: ReadonlySet<string> = new Set([
  'answer',
  'find',
  'extract',
  'angle',
  'compare',
  'contradictions',
  'recommend',
  'report',
  'synthesis',
  'draft',
  'delivery',
  'review',
])

/** What the task comes to, in its own words or the goal's. */
export const workOf = ({ task, goal }: Material): string =>
  goal !== '' && ABOUT_THE_GOAL.has(task.type) ? goal : withoutAsides(task.text) || task.title || goal

/** What the material is searched for, and what counts besides. */
export function focusOf({ task, goal }: Material): { focus: string; aside: string } {
  if (goal !== '' && ABOUT_THE_GOAL.has(task.type)) return { focus: questionsIn(goal) ?? goal, aside: task.title }
  const own = withoutAsides(task.text)
  return { focus: questionsIn(own) ?? (own || task.title || goal), aside: `${task.title}\n${goal}` }
}

/** Sentences that say where to put the result or how to cite: they are about the work, not about its matter. */
const ASIDE = /[^.!?\n]*\b(?:save|write_artifact|artifacts?|cite|citations?)\b[^.!?\n]*(?:\.(?=\w)[^.!?\n]*)*[.!?\n]?/gi
export const withoutAsides = (text: string): string =>
  text.replace(ASIDE, (aside) => (text.length > aside.length ? ' ' : aside)).trim()

const QUESTION = /[^.!?？。\n]+[?？]/g
/** Where a second question begins in the same sentence. */
const AND_ANOTHER =
  /,\s+(?:and\s+)?(?=(?:who|what|when|where|why|how|which|can|may|must|is|are|does|do|did|will|should)\b[^,]*[?？]$)/i

/** The questions of a text alone, one a line, where it asks any. */
export function questionsIn(text: string): string | null {
  const questions = (text.match(QUESTION) ?? []).flatMap((question) =>
    question
      .trim()
      .replace(/^["'“„«*\s-]+/, '')
      .split(AND_ANOTHER)
      .map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}${/[?？]$/.test(part) ? '' : '?'}`),
  )
  return questions.length === 0 ? null : questions.join('\n')
}

/** Documents of the run that the task names. */
export function documentsNamed({ task, documents }: Material): string[] {
  const text = `${task.title}\n${task.text}`
  return documents.filter((name) => text.includes(name))
}
