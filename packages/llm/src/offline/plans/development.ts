import type { PlanRequest } from './plan-request.ts'
import { keysOf } from './readers.ts'
import { finalTask, ROLES, step, type PlanDraft, type TaskDraft } from './task-draft.ts'

/** Parts of a system that a goal can name. */
const PARTS: readonly (readonly [key: string, words: RegExp, roles: readonly string[], title: string])[] = [
  ['data-model', /\b(?:database|schema|tables?|store|storage|sql|models?|persist\w*)\b/i, ROLES.backend, 'data model'],
  [
    'api',
    /\b(?:api|endpoints?|rest|http|server|backend|service|registration|login|auth\w*)\b/i,
    ROLES.backend,
    'API and logic',
  ],
  ['ui', /\b(?:ui|frontend|web|page|form|screen|react|button|app)\b/i, ROLES.frontend, 'user interface'],
  ['cli', /\b(?:cli|command line|terminal|command)\b/i, ROLES.backend, 'command line'],
]

const REQUIREMENTS = step(
  'requirements',
  ROLES.analyst,
  'requirements',
  'Write down the requirements',
  'Write down what the system must do, and what would show that it does.',
  [],
)
const DESIGN = step(
  'design',
  ROLES.architect,
  'design',
  'Design the solution',
  'Design the parts, what they say to each other, and where data is kept.',
  ['requirements'],
)

/** Requirements, design, the parts that the goal names at the same time, tests, review, delivery. */
export function planDevelopment(request: PlanRequest): PlanDraft {
  const named = PARTS.filter(([, words]) => words.test(request.goal))
  const built = (named.length > 0 ? named : PARTS.filter(([key]) => key === 'api')).map(implement)
  const parts = keysOf(built)
  const middle = built.length === 1 ? 'the part' : `${built.length} parts at the same time`
  return {
    reason: `development: requirements, design, ${middle}, tests, review and delivery`,
    tasks: [REQUIREMENTS, DESIGN, ...built, test(parts), review(parts), deliver(request, parts)],
    result: 'deliver',
  }
}

const implement = ([key, , roles, title]: (typeof PARTS)[number]): TaskDraft =>
  step(
    `implement-${key}`,
    roles,
    'code',
    `Implement the ${title}`,
    `Implement the ${title} along the design. Say what each piece does and how it is checked.`,
    ['design'],
  )

const test = (parts: readonly string[]): TaskDraft =>
  step(
    'test',
    ROLES.tester,
    'test',
    'Test the parts together',
    'Write the tests that show the requirements are met, and what fails.',
    ['requirements', ...parts],
  )

const review = (parts: readonly string[]): TaskDraft =>
  step(
    'review',
    ROLES.reviewer,
    'review',
    'Review the work',
    'Review design, parts and tests against the requirements.',
    [...parts, 'test'],
  )

const deliver = (request: PlanRequest, parts: readonly string[]): TaskDraft =>
  finalTask(
    request,
    'deliver',
    'Put the parts together, with the changes that the review asks for and how to run it.',
    ['design', ...parts, 'test', 'review'],
    'delivery.md',
  )
