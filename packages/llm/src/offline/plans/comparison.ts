import { namesIn } from '../words.ts'
import type { PlanRequest } from './plan-request.ts'
import { keysOf, readers, subjectOf } from './readers.ts'
import { judgeOfGoal, keyFor, ROLES, type PlanDraft, type TaskDraft } from './task-draft.ts'

const WANTS_CHOICE = /\b(?:recommend\w*|choose|decide|which|best|select|pick|advise)\b/i

/** Every document read by itself, then compared, its contradictions found, and, where the goal wants a choice, one recommended. */
export function planComparison(request: PlanRequest): PlanDraft {
  const about = subjectOf(request)
  const sources =
    request.documents.length > 0
      ? readers(request, 'extract', (names) => `Extract from ${names} what it states on ${about}, in its own words.`)
      : describeSides(request)
  const sides = [compare(about, sources), ...(request.documents.length > 1 ? [contradictions(sources)] : [])]
  const choice = WANTS_CHOICE.test(request.goal)
  const last = choice ? recommend(request, sides) : report(request, sides)
  const begin = request.documents.length > 0 ? 'read the documents' : 'describe the sides'
  const end = `then they are compared${choice ? ' and one is recommended' : ''}`
  return {
    reason: `a comparison: ${sources.length} tasks ${begin} at the same time, ${end}`,
    tasks: [...sources, ...sides, last],
    result: last.key,
  }
}

/** Every document read by itself, then what they say held against each other. */
export function planDisagreement(request: PlanRequest): PlanDraft {
  const sources = readers(request, 'extract', (names) => `Extract from ${names} what it states, in its own words.`)
  const last: TaskDraft = {
    ...contradictions(sources),
    artifact: 'contradictions.md',
    judge: judgeOfGoal(request.goal),
  }
  return {
    reason: `a question about disagreement: ${sources.length} tasks read the documents at the same time, then their statements are held against each other`,
    tasks: [...sources, last],
    result: last.key,
  }
}

const compare = (about: string, sources: readonly TaskDraft[]): TaskDraft => ({
  key: 'compare',
  roles: ROLES.analyst,
  type: 'compare',
  title: `Compare what was found on ${about}`,
  instructions: 'Put the statements side by side, by subject: what is the same, and what differs.',
  dependsOn: keysOf(sources),
})

const contradictions = (sources: readonly TaskDraft[]): TaskDraft => ({
  key: 'contradictions',
  roles: ROLES.reviewer,
  type: 'contradictions',
  title: 'Find where the documents contradict each other',
  instructions:
    'Find statements on the same thing that cannot all be true: other figures, or one denies what another says. Give both sides.',
  dependsOn: keysOf(sources),
})

const recommend = (request: PlanRequest, sides: readonly TaskDraft[]): TaskDraft => ({
  key: 'recommend',
  roles: ROLES.advisor,
  type: 'recommend',
  title: 'Recommend one, with reasons',
  instructions:
    'Rank the options by what the documents demand and by what they state of each option; say what speaks against the first one, and name the contradictions.',
  dependsOn: keysOf(sides),
  artifact: 'recommendation.md',
  judge: judgeOfGoal(request.goal),
})

const report = (request: PlanRequest, sides: readonly TaskDraft[]): TaskDraft => ({
  key: 'report',
  roles: ROLES.writer,
  type: 'compare',
  title: 'Write up the comparison',
  instructions: 'Write up what is the same, what differs, and where the documents contradict each other.',
  dependsOn: keysOf(sides),
  artifact: 'comparison.md',
  judge: judgeOfGoal(request.goal),
})

/** Without documents the sides of a comparison are the names in the goal. */
function describeSides(request: PlanRequest): TaskDraft[] {
  const names = namesIn(` ${request.goal}`).slice(0, 6)
  const sides = names.length >= 2 ? names : ['first side', 'second side']
  const taken = new Set<string>()
  return sides.map((name) => ({
    key: keyFor('describe', name, taken),
    roles: ROLES.researcher,
    type: 'research',
    title: `Describe ${name}`,
    instructions: `Describe ${name} in view of the goal.`,
    dependsOn: [],
  }))
}
