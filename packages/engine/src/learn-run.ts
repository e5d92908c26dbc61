import { statsOf, type FinishedTask } from '@flotilla/agents'
import { learnFromRun, readEndedRun, type EndedTask } from '@flotilla/db'
import type { RunDeps } from './run-deps.ts'

/** Adds what a finished run's tasks say of their agents to the statistics, once; the next selection reads them. */
export async function learnRun(deps: Pick<RunDeps, 'db'>, runId: number): Promise<void> {
  const ended = await readEndedRun(deps.db, runId)
  if (ended === null) return
  const deltas = statsOf(ended.tasks.flatMap(finishedTask))
  await learnFromRun(deps.db, { runId, workspaceId: ended.workspaceId, deltas })
}

/** A task that an agent has worked on to an end of its own. */
function finishedTask(task: EndedTask): FinishedTask[] {
  if (task.agent === null || task.attempt === 0 || (task.status !== 'completed' && task.status !== 'failed')) return []
  return [
    {
      taskType: task.type,
      role: task.role,
      agentId: task.agent.id,
      model: task.model ?? '',
      succeeded: task.status === 'completed',
      score: task.score,
      latencyMs: task.latencyMs,
      tokens: task.usage.inputTokens + task.usage.outputTokens,
      costUsd: task.usage.costUsd,
    },
  ]
}
