import { aggregateResult, buildReport, qualityOf, renderReportMarkdown } from '@flotilla/agents'
import type { EndedRun, RunClaim } from '@flotilla/db'
import type { Failure } from '@flotilla/domain'
import type { RunDeps } from './run-deps.ts'
import type { RunLeases } from './run-leases.ts'
import type { RunRecord } from './run-record.ts'
import { runWork } from './trace.ts'

export type FinishRunDeps = Pick<RunDeps, 'hints' | 'now' | 'trace'> &
  Readonly<{
    record: Pick<RunRecord, 'claimFinishing' | 'readEnded' | 'finish'>
    /** Has a run that has ended be learned from. */
    learn: (runId: number) => Promise<void>
  }>

/** A run with nothing left to do gets its result, quality score and report, and its last event. False when it has them. */
export async function finishRun(deps: FinishRunDeps, runId: number, leases: RunLeases): Promise<boolean> {
  const claim = await deps.record.claimFinishing(runId)
  if (claim === null) return false
  leases.hold(claim)
  let finished = false
  try {
    const ended = await deps.record.readEnded(runId)
    if (ended === null) return false
    finished = await finishClaimed(deps, claim, ended)
  } finally {
    leases.release(claim)
    deps.hints.publish({ runId })
  }
  if (finished) await deps.learn(runId)
  return true
}

async function finishClaimed(deps: FinishRunDeps, claim: RunClaim, ended: EndedRun): Promise<boolean> {
  const { run, tasks } = ended
  const error = failureOf(ended)
  const result = aggregateResult(ended)
  const quality = qualityOf({ tasks: judgedTasks(ended), result, hasDocuments: ended.hasDocuments })
  const status = error === null ? 'completed' : 'failed'
  const simulated = run.simulated || (result?.simulated ?? false)
  const at = deps.now().toISOString()
  const report = buildReport({
    run: { ...run, status, result, quality, error, simulated, finishedAt: at },
    tasks,
    artifacts: ended.artifacts,
    estimated: ended.estimated,
    unknown: ended.unknown,
    generatedAt: at,
  })
  const finished = await deps.record.finish({
    runId: claim.runId,
    fence: claim.fence,
    status,
    result,
    quality,
    report: { json: report, markdown: renderReportMarkdown(report) },
    error,
    simulated,
  })
  if (finished) deps.trace?.(runWork(ended, error, deps.now().getTime()))
  return finished
}

/** That an output is not empty, which is asked of each, says nothing of how good it is. */
function judgedTasks({ tasks, plan }: EndedRun): EndedRun['tasks'] {
  const bare = new Set(plan.tasks.flatMap((task) => (task.verify.length === 0 ? [task.key] : [])))
  return tasks.map((task) => (bare.has(task.key) ? { ...task, score: null } : task))
}

/** A run fails by what ended its execution, or by its first failed task that is not optional. */
function failureOf({ run, tasks, plan }: EndedRun): (Failure & { taskKey?: string }) | null {
  if (run.error !== null) return { code: run.error.code as Failure['code'], message: run.error.message }
  const optional = new Set(plan.tasks.flatMap((task) => (task.optional ? [task.key] : [])))
  const failed = tasks.filter((task) => task.status === 'failed' && !optional.has(task.key))
  const [first] = failed
  if (first === undefined) return null
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more failed)` : ''
  const code = (first.error?.code ?? 'internal') as Failure['code']
  return {
    code,
    message: `task "${first.key}" failed: ${first.error?.message ?? 'no reason is recorded'}${more}`,
    taskKey: first.key,
  }
}
