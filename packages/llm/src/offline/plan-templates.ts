import { asked, inWords } from './compose.ts'
import { questionsIn } from './intent.ts'
import { judgeOfGoal, keyFor, ROLES, type PlanDraft, type TaskDraft } from './plan-drafts.ts'
import type { PlanRequest } from './plan-request.ts'
import { namesIn, topicWords } from './words.ts'

/** Documents are read in parallel, each by its own task; more than this many share tasks. */
const MAX_READERS = 12

type Template = (request: PlanRequest) => PlanDraft

/** The plan for a request, by its type; a type without a template of its own gets the plainest one. */
export function draftPlan(request: PlanRequest): PlanDraft {
  const template = TEMPLATES.get(request.type) ?? custom
  return template(request)
}

const subjectOf = ({ goal }: PlanRequest): string => inWords(topicWords(goal).slice(0, 5)) || asked(goal)

/** One task for each document, or for each few of them where they are many. */
function readers(request: PlanRequest, type: string, work: (names: string) => string): TaskDraft[] {
  const { documents } = request
  const size = Math.ceil(documents.length / MAX_READERS)
  const taken = new Set<string>()
  return Array.from({ length: Math.ceil(documents.length / Math.max(1, size)) }, (_, i) => {
    const names = documents.slice(i * size, (i + 1) * size).map(({ name }) => name)
    const [first = ''] = names
    return {
      key: keyFor(type, first, taken),
      roles: ROLES.researcher,
      type: 'extract',
      title: `Read ${inWords(names)}`.slice(0, 200),
      instructions: work(inWords(names)),
      dependsOn: [],
    }
  })
}

const keysOf = (tasks: readonly TaskDraft[]): string[] => tasks.map(({ key }) => key)

const WANTS_CHOICE = /\b(?:recommend\w*|choose|decide|which|best|select|pick|advise)\b/i

const comparison: Template = (request) => {
  const about = subjectOf(request)
  const sources =
    request.documents.length > 0
      ? readers(request, 'extract', (names) => `Extract from ${names} what it states on ${about}, in its own words.`)
      : describeEach(request)
  const choice = WANTS_CHOICE.test(request.goal)
  const sides: TaskDraft[] = [
    {
      key: 'compare',
      roles: ROLES.analyst,
      type: 'compare',
      title: `Compare what was found on ${about}`.slice(0, 200),
      instructions: 'Put the statements side by side, by subject: what is the same, and what differs.',
      dependsOn: keysOf(sources),
    },
    ...(request.documents.length > 1
      ? [
          {
            key: 'contradictions',
            roles: ROLES.reviewer,
            type: 'contradictions',
            title: 'Find where the documents contradict each other',
            instructions:
              'Find statements on the same thing that cannot all be true: other figures, or one denies what another says. Give both sides.',
            dependsOn: keysOf(sources),
          },
        ]
      : []),
  ]
  const last: TaskDraft = {
    key: choice ? 'recommend' : 'report',
    roles: choice ? ROLES.advisor : ROLES.writer,
    type: choice ? 'recommend' : 'compare',
    title: choice ? 'Recommend one, with reasons' : 'Write up the comparison',
    instructions: choice
      ? 'Rank the options by what the documents demand and by what they state of each option; say what speaks against the first one, and name the contradictions.'
      : 'Write up what is the same, what differs, and where the documents contradict each other.',
    dependsOn: keysOf(sides),
    artifact: choice ? 'recommendation.md' : 'comparison.md',
    judge: judgeOfGoal(request.goal),
  }
  const reason = `a comparison: ${request.documents.length > 0 ? `${sources.length} tasks read the documents at the same time` : `${sources.length} tasks describe the sides at the same time`}, then they are compared${choice ? ' and one is recommended' : ''}`
  return { reason, tasks: [...sources, ...sides, last], result: last.key }
}

/** Without documents the sides of a comparison are the names in the goal. */
function describeEach(request: PlanRequest): TaskDraft[] {
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

const question: Template = (request) => {
  const questions = (questionsIn(request.goal) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, 8)
  const answer = (dependsOn: readonly string[]): TaskDraft => ({
    key: 'answer',
    roles: ROLES.writer,
    type: 'answer',
    title: 'Answer the question',
    instructions: 'Answer from what was found, and say so plainly where the documents hold no answer.',
    dependsOn,
    judge: judgeOfGoal(request.goal),
  })
  if (request.documents.length === 0)
    return { reason: 'a question without documents: one task answers it', tasks: [answer([])], result: 'answer' }
  const taken = new Set<string>()
  const finders = (questions.length > 1 ? questions : [request.goal]).map((text, i): TaskDraft => ({
    key: keyFor('find', questions.length > 1 ? String(i + 1) : '', taken),
    roles: ROLES.researcher,
    type: questions.length > 1 ? 'lookup' : 'find',
    title: asked(text).slice(0, 200),
    instructions: `Extract from the documents what bears on this: ${asked(text)}`,
    dependsOn: [],
  }))
  return {
    reason: `a question: ${finders.length === 1 ? 'what bears on it is looked up' : `${finders.length} parts of it are looked up at the same time`}, then it is answered`,
    tasks: [...finders, answer(keysOf(finders))],
    result: 'answer',
  }
}

const ANGLES: readonly (readonly [key: string, title: string, work: string])[] = [
  ['facts', 'Facts and figures', 'Collect the facts and figures'],
  ['limits', 'Limits, risks and what speaks against', 'Collect limits, risks, failures and objections'],
  ['open', 'What is disputed or open', 'Find what the sources dispute, contradict or leave open'],
]

const research: Template = (request) => {
  const about = subjectOf(request)
  const angles = ANGLES.slice(0, request.complexity === 'simple' ? 2 : 3).map(([key, title, work]): TaskDraft => ({
    key,
    roles: ROLES.researcher,
    type: key === 'open' && request.documents.length > 1 ? 'contradictions' : 'research',
    title: `${title}: ${about}`.slice(0, 200),
    instructions: `${work} on ${about}.`,
    dependsOn: [],
  }))
  const tasks: TaskDraft[] = [
    ...angles,
    {
      key: 'synthesis',
      roles: ROLES.analyst,
      type: 'synthesis',
      title: 'Bring the findings together',
      instructions: 'Bring the findings together into one account, by topic, without repeating any.',
      dependsOn: keysOf(angles),
    },
    {
      key: 'review',
      roles: ROLES.reviewer,
      type: 'review',
      title: 'Review the account',
      instructions: 'Review the account: sources, gaps, one-sided statements.',
      dependsOn: ['synthesis'],
    },
    {
      key: 'report',
      roles: ROLES.writer,
      type: 'report',
      title: asked(request.goal).slice(0, 120),
      instructions: 'Write the final report from the account, mending what the review found.',
      dependsOn: ['synthesis', 'review'],
      artifact: 'report.md',
      judge: judgeOfGoal(request.goal),
    },
  ]
  return {
    reason: `research: ${angles.length} angles at the same time, brought together, reviewed and written up`,
    tasks,
    result: 'report',
  }
}

const writing: Template = (request) => {
  const sources =
    request.documents.length > 0
      ? readers(request, 'gather', (names) => `Extract from ${names} what a text on ${subjectOf(request)} can use.`)
      : []
  const tasks: TaskDraft[] = [
    ...sources,
    {
      key: 'outline',
      roles: ROLES.writer,
      type: 'synthesis',
      title: 'Outline the text',
      instructions: 'Order the material: what comes first, what follows, what is left out.',
      dependsOn: keysOf(sources),
    },
    {
      key: 'draft',
      roles: ROLES.writer,
      type: 'draft',
      title: 'Write a draft',
      instructions: 'Write a full draft along the outline.',
      dependsOn: [...keysOf(sources), 'outline'],
    },
    {
      key: 'review',
      roles: ROLES.reviewer,
      type: 'review',
      title: 'Review the draft',
      instructions: 'Review the draft: what is missing, wrong or hard to follow.',
      dependsOn: ['draft'],
    },
    {
      key: 'final',
      roles: ROLES.writer,
      type: 'report',
      title: asked(request.goal).slice(0, 120),
      instructions: 'Write the final text from the draft and the review.',
      dependsOn: ['draft', 'review'],
      artifact: 'text.md',
      judge: judgeOfGoal(request.goal),
    },
  ]
  return {
    reason: 'a text: material, outline, draft, review and final text, one after the other',
    tasks,
    result: 'final',
  }
}

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

const development: Template = (request) => {
  const named = PARTS.filter(([, words]) => words.test(request.goal))
  const parts = named.length > 0 ? named : PARTS.slice(1, 2)
  const built = parts.map(([key, , roles, title]): TaskDraft => ({
    key: `implement-${key}`,
    roles,
    type: 'code',
    title: `Implement the ${title}`,
    instructions: `Implement the ${title} along the design. Say what each piece does and how it is checked.`,
    dependsOn: ['design'],
  }))
  const tasks: TaskDraft[] = [
    {
      key: 'requirements',
      roles: ROLES.analyst,
      type: 'requirements',
      title: 'Write down the requirements',
      instructions: 'Write down what the system must do, and what would show that it does.',
      dependsOn: [],
    },
    {
      key: 'design',
      roles: ROLES.architect,
      type: 'design',
      title: 'Design the solution',
      instructions: 'Design the parts, what they say to each other, and where data is kept.',
      dependsOn: ['requirements'],
    },
    ...built,
    {
      key: 'test',
      roles: ROLES.tester,
      type: 'test',
      title: 'Test the parts together',
      instructions: 'Write the tests that show the requirements are met, and what fails.',
      dependsOn: ['requirements', ...keysOf(built)],
    },
    {
      key: 'review',
      roles: ROLES.reviewer,
      type: 'review',
      title: 'Review the work',
      instructions: 'Review design, parts and tests against the requirements.',
      dependsOn: [...keysOf(built), 'test'],
    },
    {
      key: 'deliver',
      roles: ROLES.writer,
      type: 'delivery',
      title: 'Deliver the result',
      instructions: 'Put the parts together, with the changes that the review asks for and how to run it.',
      dependsOn: [...keysOf(built), 'review'],
      artifact: 'delivery.md',
      judge: judgeOfGoal(request.goal),
    },
  ]
  return {
    reason: `development: requirements, design, ${built.length === 1 ? 'the part' : `${built.length} parts at the same time`}, tests, review and delivery`,
    tasks,
    result: 'deliver',
  }
}

const CHECKS: readonly (readonly [key: string, what: string])[] = [
  ['access', 'authentication, permissions and sessions'],
  ['input', 'input, injection and untrusted content'],
  ['secrets', 'secrets, keys, personal data and encryption'],
  ['dependencies', 'dependencies, configuration, logging and updates'],
]

const securityAudit: Template = (request) => {
  const checks = CHECKS.map(([key, what]): TaskDraft => ({
    key: `check-${key}`,
    roles: ROLES.auditor,
    type: 'audit',
    title: `Check ${what}`,
    instructions: `Check ${what}: what is in place, what is missing, and how bad that is.`,
    dependsOn: ['scope'],
  }))
  const tasks: TaskDraft[] = [
    {
      key: 'scope',
      roles: ROLES.auditor,
      type: 'scope',
      title: 'Set the scope',
      instructions: 'Say what is audited, what it is worth protecting, and from whom.',
      dependsOn: [],
    },
    ...checks,
    {
      key: 'findings',
      roles: ROLES.analyst,
      type: 'synthesis',
      title: 'Rank the findings',
      instructions: 'Bring the findings together and rank them by the harm that they can do.',
      dependsOn: keysOf(checks),
    },
    {
      key: 'report',
      roles: ROLES.writer,
      type: 'report',
      title: 'Security report',
      instructions: 'Write the report: findings by rank, evidence, and what to do about each.',
      dependsOn: ['findings'],
      artifact: 'security-report.md',
      judge: judgeOfGoal(request.goal),
    },
  ]
  return {
    reason: `a security audit: scope, ${checks.length} areas at the same time, ranked findings and a report`,
    tasks,
    result: 'report',
  }
}

const data: Template = (request) => {
  const profiles =
    request.documents.length > 0
      ? readers(request, 'profile', (names) => `Extract from ${names} what it holds: figures, units, periods and gaps.`)
      : []
  const tasks: TaskDraft[] = [
    ...profiles,
    {
      key: 'quality',
      roles: ROLES.data,
      type: request.documents.length > 1 ? 'contradictions' : 'quality',
      title: 'Check the quality of the data',
      instructions: 'Find gaps, outliers, and figures that contradict each other.',
      dependsOn: keysOf(profiles),
    },
    {
      key: 'analysis',
      roles: ROLES.data,
      type: 'synthesis',
      title: `Analyse ${subjectOf(request)}`.slice(0, 200),
      instructions: 'Analyse the figures in view of the goal.',
      dependsOn: [...keysOf(profiles), 'quality'],
    },
    {
      key: 'report',
      roles: ROLES.writer,
      type: 'report',
      title: asked(request.goal).slice(0, 120),
      instructions: 'Report the result with its figures, and how far they can be trusted.',
      dependsOn: ['quality', 'analysis'],
      artifact: 'analysis.md',
      judge: judgeOfGoal(request.goal),
    },
  ]
  return {
    reason: 'data: each source is profiled at the same time, then quality, analysis and report',
    tasks,
    result: 'report',
  }
}

const custom: Template = (request) => {
  const sources =
    request.documents.length > 0
      ? readers(request, 'read', (names) => `Extract from ${names} what bears on the goal.`)
      : []
  const tasks: TaskDraft[] = [
    ...sources,
    {
      key: 'work',
      roles: ROLES.analyst,
      type: 'synthesis',
      title: 'Work out the result',
      instructions: 'Do what the goal asks for.',
      dependsOn: keysOf(sources),
    },
    {
      key: 'review',
      roles: ROLES.reviewer,
      type: 'review',
      title: 'Review the result',
      instructions: 'Review the result against the goal.',
      dependsOn: ['work'],
    },
    {
      key: 'result',
      roles: ROLES.writer,
      type: 'report',
      title: asked(request.goal).slice(0, 120),
      instructions: 'Give the final result, mending what the review found.',
      dependsOn: ['work', 'review'],
      artifact: 'result.md',
      judge: judgeOfGoal(request.goal),
    },
  ]
  return { reason: 'no built-in workflow fits, so the work is done, reviewed and finished', tasks, result: 'result' }
}

const TEMPLATES: ReadonlyMap<string, Template> = new Map([
  ['comparison', comparison],
  ['question', question],
  ['research', research],
  ['writing', writing],
  ['development', development],
  ['security_audit', securityAudit],
  ['data', data],
  ['custom', custom],
])
