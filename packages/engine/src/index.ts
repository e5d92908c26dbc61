export { analyzeWithoutRun, type RequestAnalysis, type RequestAnalysisDeps } from './analyze-request.ts'
export { cancelRun, type CancelAccepted } from './cancel-run.ts'
export { approvalNotFound, decideApproval, expireApprovals } from './decide-approval.ts'
export { deleteRun } from './delete-run.ts'
export { createLocalHints, WANTED_EVERY_MS, type Hint, type Hints } from './hints.ts'
export { pauseRun } from './pause-run.ts'
export { readEventPage, type EventPage } from './read-events.ts'
export { deadLetterNotFound, redriveDeadLetter, type RedriveDeps } from './redrive-dead-letter.ts'
export { replacePlan } from './replace-plan.ts'
export { resumeRun } from './resume-run.ts'
export { runNotFound, type RunAccepted, type RunRef, type Wake } from './run-control.ts'
export { startRun } from './start-run.ts'
export {
  createSubmissions,
  describeIssues,
  submitRun,
  type Submissions,
  type SubmitRun,
  type SubmitRunDeps,
} from './submit-run.ts'
export type { EngineMetrics, GateCause, MeasuredCall, MeasuredStep, RetryKind } from './engine-metrics.ts'
export { createRunRecord, type RunRecord } from './run-record.ts'
export { finishRun, type FinishRunDeps } from './finish-run.ts'
export { createLearner } from './learn-runs.ts'
export { planRun, type PlanRunDeps } from './plan-run.ts'
export type { Knowledge, RunDeps } from './run-deps.ts'
export { createQueueWatch, type QueueHealth, type QueueWatch } from './queue-watch.ts'
export { createCrowdedRoles } from './crowded-roles.ts'
export { createTaskRecords } from './task-records.ts'
export { runTask } from './run-task.ts'
export { RUN, type Trace, type TracedWork } from './trace.ts'
export type { WakeUpCounts } from './wake-up-counts.ts'
export { WorkerEngine } from './worker-engine.ts'
export type { WorkerEngineDeps, WorkerRoles } from './worker-engine-deps.ts'
export { createAdmissions } from './money/admissions.ts'
export { dropForeignWaits } from './money/drop-foreign-waits.ts'
export { createRecordGate } from './money/record-gate.ts'
export { patchRun } from './patch-run.ts'
