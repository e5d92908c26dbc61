import {
  checkEstimate,
  totalTokens,
  type ArtifactView,
  type RunView,
  type TaskFacts,
  type VerdictView,
} from '@flotilla/domain'
import type { JsonReport, ReportTask } from './report-schema.ts'

export type ReportData = Readonly<{
  run: RunView
  /** In plan order. */
  tasks: readonly (TaskFacts & Readonly<{ verdicts: readonly VerdictView[] }>)[]
  artifacts: readonly ArtifactView[]
  /** Model calls whose usage nobody told, and what was charged for them. */
  estimated: JsonReport['estimated']
  unknown: JsonReport['unknown']
  /** ISO 8601. */
  generatedAt: string
}>

/** The report of a run in any state; what has not happened yet is null. */
export function buildReport({ run, tasks, artifacts, estimated, unknown, generatedAt }: ReportData): JsonReport {
  const { id, goal, status, mode, simulated, dispatch, result, quality, budget, usage } = run
  return {
    runId: id,
    goal,
    status,
    mode,
    simulated: simulated || (result?.simulated ?? false),
    dispatch,
    result,
    quality,
    tasks: tasks.map(reportTask),
    artifacts: [...artifacts],
    budget,
    estimate: checkEstimate(run.analysis, budget.spent),
    usage,
    estimated,
    unknown,
    timings: timingsOf(run),
    errors: errorsOf(run, tasks),
    generatedAt,
  }
}

function reportTask(task: ReportData['tasks'][number]): ReportTask {
  const { key, title, role, type, status, dependsOn, model, models, score, usage, error } = task
  return {
    key,
    title,
    role,
    type,
    status,
    dependsOn,
    agent: task.agent?.name ?? null,
    model,
    ...(models && { models }),
    attempts: task.begun,
    score,
    tokens: totalTokens(usage),
    costUsd: usage.costUsd,
    durationMs: between(task.startedAt, task.finishedAt),
    verdicts: [...task.verdicts],
    error,
  }
}

const between = (from: string | null, to: string | null): number | null =>
  from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from))

function timingsOf({ createdAt, startedAt, finishedAt }: RunView): JsonReport['timings'] {
  return {
    createdAt,
    startedAt,
    finishedAt,
    waitMs: between(createdAt, startedAt),
    durationMs: between(startedAt ?? createdAt, finishedAt),
  }
}

/** Each error once: a run that failed by a task names the task, and repeats its error. */
function errorsOf(run: RunView, tasks: ReportData['tasks']): JsonReport['errors'] {
  const ofTasks = tasks.flatMap(({ key, error }) => (error === null ? [] : [{ ...error, taskKey: key }]))
  const { error } = run
  const repeated =
    error !== null &&
    ofTasks.some(
      ({ code, message, taskKey }) => code === error.code && (taskKey === error.taskKey || message === error.message),
    )
  return error === null || repeated ? ofTasks : [error, ...ofTasks]
}
