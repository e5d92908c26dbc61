import {
  planGraph,
  sequentialGraph,
  sortableId,
  type AgentStats,
  type Mode,
  type PlanTask,
  type Selection,
} from '@flotilla/domain'
import {
  addMissingAgents,
  type AgentRow,
  type Db,
  type ExpandTask,
  type GivenPlan,
  type ParkedLine,
  type RunClaim,
  type SeedAgent,
  type WakeUp,
} from '@flotilla/db'
import type { TreeTask } from '@flotilla/queue'
import type { RunRecord } from './run-record.ts'
import { splitReady } from './shares.ts'

export type ExpandDeps = Readonly<{
  db: Db
  record: Pick<RunRecord, 'agents' | 'expand' | 'lineUp'>
  now: () => Date
  randomBytes: (n: number) => Uint8Array
  /** Picks an agent of the task's role, writing down the candidates and the reason. */
  selectAgent: (task: PlanTask, agents: readonly AgentRow[], stats: readonly AgentStats[]) => Selection
  /** An agent for a role that has none. */
  draftAgent: (role: string, task: PlanTask) => Omit<SeedAgent, 'uid'>
  /** The largest plan whose wake-ups are a flow tree; 0 for none. */
  treeMax: number
  /** Roles for which tasks are parked. */
  crowded: () => Promise<ReadonlySet<string>>
}>

/** A workspace's agents, and what they did so far. */
export type Known = Readonly<{ agents: readonly AgentRow[]; stats: readonly AgentStats[] }>

/** `wake`: roots for the queue, unless the flow tree has them; `parked`: some wait in the record. */
export type Expanded = Readonly<{
  expanded: boolean
  tasks: readonly ExpandTask[]
  newRoles: readonly string[]
  tree: boolean
  wake: readonly ExpandTask[]
  parked: boolean
}>

/**
 * Turns a plan into rows: an agent per task of those known to the workspace, drafted where a role has none, edges as positions, roots ready. `expanded` false:
 * the claim was lost, and somebody else does it.
 */
export async function expandPlan(
  deps: ExpandDeps,
  claim: RunClaim,
  known: Known,
  plan: Readonly<{ version: number; tasks: readonly PlanTask[]; mode: Mode; given?: GivenPlan | undefined }>,
): Promise<Expanded> {
  const { stats } = known
  const newRoles = await draftMissing(deps, claim.workspaceId, plan.tasks, known.agents)
  const agents = newRoles === null ? known.agents : await deps.record.agents(claim.workspaceId)
  const byUid = new Map(agents.map((agent) => [agent.id, agent]))
  const byRole = Map.groupBy(agents, (agent) => agent.role)
  const graph = plan.mode === 'sequential' ? sequentialGraph(planGraph(plan.tasks)) : planGraph(plan.tasks)
  const tasks = plan.tasks.map((spec, idx): ExpandTask => {
    const selection = deps.selectAgent(spec, byRole.get(spec.role) ?? [], stats)
    return {
      idx,
      deps: graph.deps[idx] ?? [],
      outs: graph.outs[idx] ?? [],
      spec,
      title: titleOf(spec),
      type: spec.type ?? 'general',
      agentId: byUid.get(selection.agentId)?.numericId ?? null,
      selection,
    }
  })
  const { tree, wake, park } = divideRoots(deps.treeMax, tasks, await deps.crowded())
  const expanded = await deps.record.expand({
    runId: claim.runId,
    fence: claim.fence,
    planVersion: plan.version,
    tasks,
    parked: new Set(park.map((task) => task.idx)),
    given: plan.given,
  })
  // Where it fails, the sweep finds them.
  if (expanded && park.length > 0) await deps.record.lineUp(linesOf(claim, park)).catch(() => {})
  return { expanded, tasks, newRoles: newRoles ?? [], tree, wake, parked: expanded && park.length > 0 }
}

type Root = ExpandTask & Readonly<{ role: string }>

/** A tree is for a run whose turn it is: its nodes pass by everything that is parked. */
function divideRoots(
  treeMax: number,
  tasks: readonly ExpandTask[],
  crowded: ReadonlySet<string>,
): Readonly<{ tree: boolean; wake: readonly Root[]; park: readonly Root[] }> {
  const roots = tasks.filter((task) => task.deps.length === 0).map((task) => ({ ...task, role: task.spec.role }))
  if (tasks.length <= treeMax && !roots.some((root) => crowded.has(root.role)))
    return { tree: true, wake: [], park: [] }
  return { tree: false, ...splitReady(roots, crowded) }
}

/** Roots stand in the order of their positions: the first of each role is where its parked ones begin. */
const linesOf = ({ workspaceId, runId }: RunClaim, park: readonly Root[]): ParkedLine[] =>
  [...Map.groupBy(park, (task) => task.role)].map(([role, own]) => ({
    workspaceId,
    runId,
    role,
    first: own[0]?.idx ?? 0,
  }))

export const rootWakeUps = ({ runId, priority }: RunClaim, roots: readonly ExpandTask[]): WakeUp[] =>
  roots.map(({ idx, spec }) => ({ runId, idx, role: spec.role, delayMs: 0, judge: false, priority }))

/** A task's title, else the first line of its instructions, else its key. */
export function titleOf(task: PlanTask): string {
  if (task.title) return task.title
  const line = task.instructions
    .split('\n')
    .find((text) => text.trim().length > 0)
    ?.trim()
  if (line === undefined) return task.key
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}

/** Roles that got an agent now, by this planner; null where none was missing. */
async function draftMissing(
  deps: ExpandDeps,
  workspaceId: number,
  tasks: readonly PlanTask[],
  agents: readonly AgentRow[],
): Promise<string[] | null> {
  const known = new Set(agents.map((agent) => agent.role))
  const drafts = new Map<string, SeedAgent>()
  for (const task of tasks) {
    if (known.has(task.role) || drafts.has(task.role)) continue
    drafts.set(task.role, {
      ...deps.draftAgent(task.role, task),
      uid: sortableId('agt', deps.now().getTime(), deps.randomBytes(16)),
    })
  }
  return drafts.size === 0 ? null : addMissingAgents(deps.db, workspaceId, [...drafts.values()])
}

export const treeTasks = (tasks: readonly ExpandTask[]): TreeTask[] =>
  tasks.map((task) => ({ idx: task.idx, role: task.spec.role, outs: task.outs }))
