import type { TaskBudgetView, TaskStatus, TaskSummaryView } from '@flotilla/domain'
import type { RunFold, TaskFold } from './fold.ts'
import { sumSpans } from './timeline-scale.ts'

/** One task as every view of a run shows it. */
export type TaskLine = Readonly<{
  key: string
  title: string
  role: string
  dependsOn: readonly string[]
  status: TaskStatus
  agent: string | null
  agentId: string | null
  model: string | null
  begun: number
  tokens: number
  costUsd: number
  budget: TaskBudgetView
  score: number | null
  /** Milliseconds since the epoch. */
  startedAt: number | null
  finishedAt: number | null
  /** Why it failed, was skipped, or waits. */
  reason: string | null
  spans: TaskFold['spans']
}>

/**
 * The tasks of a run in plan order. `settled`: the run has ended, so that the record has every final state; until then the
 * log is ahead of it.
 */
export function lineTasks(tasks: readonly TaskSummaryView[], fold: RunFold, settled: boolean): TaskLine[] {
  return tasks.map((task) => {
    const told = fold.tasks.get(task.key)
    return {
      key: task.key,
      title: task.title,
      role: task.role,
      dependsOn: task.dependsOn,
      status: settled ? task.status : (told?.status ?? task.status),
      agent: task.agent?.name ?? null,
      agentId: task.agent?.id ?? null,
      model: task.model,
      begun: task.begun,
      tokens: task.usage.inputTokens + task.usage.outputTokens,
      costUsd: task.usage.costUsd,
      budget: task.budget,
      score: task.score,
      startedAt: told?.startedAt ?? timeOf(task.startedAt),
      finishedAt: told?.finishedAt ?? (settled ? timeOf(task.finishedAt) : null),
      reason: task.wait?.why ?? told?.reason ?? task.error?.message ?? null,
      spans: told?.spans ?? [],
    }
  })
}

const timeOf = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso))

/** How long a task has been worked on, from its first start. */
export const workedMs = ({ startedAt, finishedAt }: TaskLine, now: number): number =>
  startedAt === null ? 0 : Math.max(0, (finishedAt ?? now) - startedAt)

/** How long its attempts ran and were judged: without waits, and without pauses of the run. */
export function attemptMs({ spans }: Pick<TaskLine, 'spans'>, now: number): number {
  const { model, tool, verify, other } = sumSpans(spans, now)
  return model + tool + verify + other
}
