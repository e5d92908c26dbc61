import type { Material } from './material.ts'

/** What an agent's task is, as far as the offline model tells tasks apart. */
export type Behaviour = 'answer' | 'extract' | 'compare' | 'contradictions' | 'recommend' | 'report' | 'review'

/** Types of the built-in templates and of common plans. */
const BY_TYPE: Readonly<Record<string, Behaviour>> = {
  answer: 'answer',
  question: 'answer',
  find: 'extract',
  extract: 'extract',
  compare: 'compare',
  comparison: 'compare',
  contradictions: 'contradictions',
  recommend: 'recommend',
  recommendation: 'recommend',
  review: 'review',
}

/** The most telling word first: a request to compare and to recommend ends in a recommendation. */
const BY_WORDS: readonly (readonly [RegExp, Behaviour])[] = [
  [
    /\b(?:recommend\w*|advise|which (?:one|of (?:them|these))|choose|select the|pick (?:one|the)|rank the)\b/i,
    'recommend',
  ],
  [/\b(?:contradict\w*|disagree\w*|conflict(?:s|ing)?|inconsisten\w*|discrepanc\w*)\b/i, 'contradictions'],
  [/\b(?:compar\w+|contrast|versus|vs\.?|differences? between|side by side)\b/i, 'compare'],
  [/\b(?:review|critique|proofread|double-check)\b/i, 'review'],
  [/\b(?:extract|collect|gather|list|quote)\b/i, 'extract'],
  [
    /[?？]|^\s*(?:who|what|when|where|why|how|which|is|are|does|do|can|answer|find(?: out)?|tell me|explain)\b/i,
    'answer',
  ],
]

/** A template's own tasks say by their type what they are; others by their words. */
export function behaviourOf({ task, goal, dependencies }: Material): Behaviour {
  const known = Object.hasOwn(BY_TYPE, task.type) ? BY_TYPE[task.type] : undefined
  if (known) return known
  const text = `${task.title}\n${task.text}`.trim() || goal
  for (const [pattern, behaviour] of BY_WORDS) {
    if (pattern.test(text)) return behaviour === 'review' && dependencies.length === 0 ? 'report' : behaviour
  }
  return 'report'
}

/** Types whose instructions only repeat the goal in other words: the goal is the question then. */
const ABOUT_THE_GOAL = new Set([
  'answer',
  'find',
  'extract',
  'compare',
  'contradictions',
  'recommend',
  'report',
  'synthesis',
  'draft',
  'review',
])

/** What the material is searched for, and what counts besides. */
export function focusOf({ task, goal }: Material): { focus: string; aside: string } {
  if (goal !== '' && ABOUT_THE_GOAL.has(task.type))
    return { focus: questionsIn(task.text) ?? questionsIn(goal) ?? goal, aside: task.title }
  const own = [task.title, task.text].filter((part) => part !== '').join('\n')
  return { focus: questionsIn(own) ?? (own || goal), aside: goal }
}

/** The questions of a text alone, where it asks any. */
export function questionsIn(text: string): string | null {
  const questions = (text.match(/[^.!?？。\n]+[?？]/g) ?? []).map((question) =>
    question.trim().replace(/^["'“„«*\s-]+/, ''),
  )
  return questions.length === 0 ? null : questions.join('\n')
}

/** Documents of the run that the task names. */
export function documentsNamed({ task, documents }: Material): string[] {
  const text = `${task.title}\n${task.text}`
  return documents.filter((name) => text.includes(name))
}
