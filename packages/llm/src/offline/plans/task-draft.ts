import type { JsonObject } from '@flotilla/domain'
import { asked, GOAL_LINE, shortened } from '../compose.ts'
import type { PlanRequest } from './plan-request.ts'

/** A task of a plan before it is written out. */
export type TaskDraft = Readonly<{
  key: string
  /** Roles that could do it, the best first: the first that has an agent gets it. */
  roles: readonly string[]
  type: string
  title: string
  instructions: string
  dependsOn: readonly string[]
  /** The file that its answer is saved as. */
  artifact?: string
  /** What a judge checks. */
  judge?: string
}>

export type PlanDraft = Readonly<{ reason: string; tasks: readonly TaskDraft[]; result: string }>

/** The roles of the built-in work, each with those that could stand in. */
export const ROLES = {
  researcher: ['researcher', 'research', 'analyst'],
  analyst: ['analyst', 'researcher'],
  advisor: ['advisor', 'analyst', 'writer'],
  writer: ['writer', 'editor', 'author'],
  reviewer: ['reviewer', 'critic', 'editor', 'analyst'],
  architect: ['architect', 'backend', 'developer'],
  backend: ['backend', 'developer', 'engineer'],
  frontend: ['frontend', 'developer', 'engineer'],
  tester: ['tester', 'qa', 'reviewer'],
  auditor: ['security', 'auditor', 'security-auditor', 'analyst'],
  data: ['data', 'data-analyst', 'analyst'],
} as const satisfies Record<string, readonly string[]>

const MAX_TITLE_CHARS = 200

/** The plan as the planner's answer schema has it: every field present, null where there is nothing to say. */
export function planJson(draft: PlanDraft, request: PlanRequest): JsonObject {
  return {
    reason: draft.reason,
    tasks: draft.tasks.map((task) => ({
      key: task.key,
      role: task.roles.find((role) => request.roles.includes(role)) ?? task.roles[0] ?? 'worker',
      type: task.type,
      title: shortened(task.title, MAX_TITLE_CHARS),
      instructions: instructionsOf(task, request),
      dependsOn: [...task.dependsOn],
      verify: criteriaOf(task, request),
      tools: toolsOf(task, request),
    })),
    result: draft.result,
  }
}

function instructionsOf(task: TaskDraft, request: PlanRequest): string {
  const citing = request.documents.length > 0 ? ' Cite the source of every statement as [document:line].' : ''
  const saving = savesArtifact(task, request)
    ? ` Save the result as the artifact ${task.artifact} with write_artifact, and give it as your answer too.`
    : ''
  return `${task.instructions}${citing}${saving}\n\n${GOAL_LINE}${asked(request.goal)}`
}

const savesArtifact = (task: TaskDraft, { tools }: PlanRequest): boolean =>
  task.artifact !== undefined && tools.includes('write_artifact')

/** What is checked of a task: sources where there are any, else that it says something; a judge looks at the last one. */
function criteriaOf(task: TaskDraft, request: PlanRequest): JsonObject[] {
  const cites = request.documents.length > 0 && task.type !== 'review'
  return [
    cites ? { rule: 'citations', value: 1 } : { rule: 'minLength', value: 80 },
    ...(savesArtifact(task, request) ? [{ rule: 'artifact', name: task.artifact ?? '', mediaType: null }] : []),
    ...(task.judge === undefined ? [] : [{ judge: task.judge, threshold: 0.5 }]),
  ]
}

function toolsOf(task: TaskDraft, request: PlanRequest): string[] | null {
  const reading = request.documents.length > 0 ? ['knowledge_search', 'read_document'] : []
  const wanted = [...reading, ...(task.artifact === undefined ? [] : ['write_artifact'])]
  return wanted.filter((name) => request.tools.includes(name))
}

/** A key of a task: lower case, digits and "-", none of `taken`. */
export function keyFor(prefix: string, text: string, taken: Set<string>): string {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\.[a-z0-9]{1,5}$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  const base =
    [prefix, plain]
      .filter((part) => part !== '')
      .join('-')
      .replace(/-+$/, '') || 'task'
  let key = base
  for (let n = 2; taken.has(key); n++) key = `${base}-${n}`
  taken.add(key)
  return key
}

/** What a judge checks of the last task. */
export const judgeOfGoal = (goal: string): string => `It deals with what was asked: ${asked(goal)}`

/** A task in the middle of a plan. */
export const step = (
  key: string,
  roles: readonly string[],
  type: string,
  title: string,
  instructions: string,
  dependsOn: readonly string[],
): TaskDraft => ({ key, roles, type, title, instructions, dependsOn })

/** The task whose output is the result: it is saved, and a judge looks at it. */
export const finalTask = (
  request: PlanRequest,
  key: string,
  instructions: string,
  dependsOn: readonly string[],
  artifact: string,
): TaskDraft => ({
  key,
  roles: ROLES.writer,
  type: 'report',
  title: shortened(asked(request.goal), 120),
  instructions,
  dependsOn,
  artifact,
  judge: judgeOfGoal(request.goal),
})
