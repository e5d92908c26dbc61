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
  expandRun,
  readSelectableAgents,
  readSelectionStats,
  type AgentRow,
  type Db,
  type ExpandTask,
  type RunClaim,
  type SeedAgent,
} from '@flotilla/db'
import type { TreeTask } from '@flotilla/queue'

export type ExpandDeps = Readonly<{
  db: Db
  now: () => Date
  randomBytes: (n: number) => Uint8Array
  /** Picks an agent of the task's role, writing down the candidates and the reason. */
  selectAgent: (task: PlanTask, agents: readonly AgentRow[], stats: readonly AgentStats[]) => Selection
  /** An agent for a role that has none. */
  draftAgent: (role: string, task: PlanTask) => Omit<SeedAgent, 'uid'>
}>

export type Expanded = Readonly<{ expanded: boolean; tasks: readonly ExpandTask[]; newRoles: readonly string[] }>

/**
 * Turns a plan into rows: an agent per task of those `known` to the workspace, drafted where a role has none, edges as positions, roots ready. `expanded` false:
 * the claim was lost, and somebody else does it.
 */
export async function expandPlan(
  deps: ExpandDeps,
  claim: RunClaim,
  known: readonly AgentRow[],
  plan: Readonly<{ version: number; tasks: readonly PlanTask[]; mode: Mode }>,
): Promise<Expanded> {
  const newRoles = await draftMissing(deps, claim.workspaceId, plan.tasks, known)
  const agents = newRoles === null ? known : await readSelectableAgents(deps.db, claim.workspaceId)
  const stats = await readSelectionStats(deps.db, claim.workspaceId)
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
  const expanded = await expandRun(deps.db, {
    runId: claim.runId,
    fence: claim.fence,
    planVersion: plan.version,
    tasks,
  })
  return { expanded, tasks, newRoles: newRoles ?? [] }
}

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
