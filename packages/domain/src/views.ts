import * as v from 'valibot'
import { AnalysisSchema, DispatchSchema } from './analysis.ts'
import { ATTEMPT_KINDS, ATTEMPT_STATUSES, AttemptTallySchema } from './attempt.ts'
import { BudgetLimitsSchema, SpentSchema } from './budget.ts'
import { CitationSchema } from './citation.ts'
import { JsonObjectSchema, JsonSchema } from './json.ts'
import { PlanTaskSchema } from './plan.ts'
import { MODES, RunStatusSchema } from './run.ts'
import { SelectionSchema } from './selection.ts'
import { TaskStatusSchema } from './task.ts'
import { UsageSchema } from './usage.ts'
import { FindingSchema, VERDICTS } from './verdict.ts'

export const FailureViewSchema = v.pipe(
  v.object({ code: v.string(), message: v.string(), taskKey: v.optional(v.string()) }),
  v.metadata({ ref: 'Failure' }),
)

export const ProgressSchema = v.pipe(
  v.object({ total: v.number(), completed: v.number(), failed: v.number(), skipped: v.number(), percent: v.number() }),
  v.metadata({ ref: 'Progress' }),
)

export const ArtifactSchema = v.pipe(
  v.object({
    name: v.string(),
    mediaType: v.string(),
    sizeBytes: v.number(),
    sha256: v.string(),
    taskKey: v.nullable(v.string()),
    createdAt: v.string(),
  }),
  v.metadata({ ref: 'Artifact' }),
)
export type ArtifactView = v.InferOutput<typeof ArtifactSchema>

/** `parts` names what the score is made of; each 0–1. */
export const QualitySchema = v.pipe(
  v.object({ score: v.number(), parts: v.record(v.string(), v.number()) }),
  v.metadata({ ref: 'Quality' }),
)
export type Quality = v.InferOutput<typeof QualitySchema>

/** What each part of a run's quality counts for; parts that do not apply leave their weight to the others. */
export const QUALITY_WEIGHTS = { verification: 0.5, completion: 0.25, citations: 0.15, revisions: 0.1 } as const

/** Whether a rule or a judge looked at any of it; else its score tells only that, and how smoothly, the tasks completed. */
export const isJudged = ({ parts }: Quality): boolean => parts['verification'] !== undefined

export const OutputSchema = v.pipe(
  v.object({
    text: v.string(),
    artifacts: v.array(v.string()),
    citations: v.array(CitationSchema),
    simulated: v.boolean(),
  }),
  v.metadata({ ref: 'Output' }),
)
/** What a task produced. `simulated` marks the built-in offline model's work. */
export type Output = v.InferOutput<typeof OutputSchema>

/** `text` for one result task; `outputs` by task key where the plan has several sinks. */
export const ResultSchema = v.pipe(
  v.object({
    text: v.string(),
    citations: v.array(CitationSchema),
    outputs: v.optional(v.record(v.string(), v.string())),
    simulated: v.boolean(),
  }),
  v.metadata({ ref: 'RunResult' }),
)
export type RunResult = v.InferOutput<typeof ResultSchema>

export const CancellationSchema = v.pipe(
  v.object({
    requestedAt: v.string(),
    was: RunStatusSchema,
    tasks: v.record(v.string(), v.number()),
    spentBefore: UsageSchema,
    stopped: v.object({ calls: v.number(), lastStoppedAt: v.nullable(v.string()) }),
    spentAfter: UsageSchema,
  }),
  v.metadata({ ref: 'Cancellation' }),
)
/**
 * The receipt of a cancel. `tasks` counts what was ended by the status that it had. Attempts, judges and planners at work then
 * are told to stop, and what they used after the request comes in late: `stopped.calls` counts those that have told.
 */
export type CancellationView = v.InferOutput<typeof CancellationSchema>

export const PAUSED_BY = ['user', 'budget', 'model_key'] as const
const PauseSchema = v.pipe(
  v.object({
    by: v.picklist(PAUSED_BY),
    reason: v.nullable(v.string()),
    /** Whose budget it was; else null. */
    level: v.nullable(v.picklist(['task', 'run', 'workspace'])),
    /** Which limit the call still does not fit, and how large that has to be at least: what is spent and held now, and its need. */
    needs: v.optional(
      v.object({ dimension: v.picklist(['tokens', 'costUsd', 'toolCalls', 'seconds']), least: v.number() }),
    ),
    /** By a budget: a resume lets it go on as it is, for its call fits now, or its policy is no longer `pause`, which then decides. */
    resumable: v.optional(v.literal(true)),
    since: v.string(),
  }),
  v.metadata({ ref: 'Pause' }),
)
/** Who halted a run, and why: its budget or its workspace's, or a provider that refuses the key. */
export type PauseView = v.InferOutput<typeof PauseSchema>

export const RunSchema = v.pipe(
  v.object({
    id: v.string(),
    status: RunStatusSchema,
    goal: v.string(),
    inputs: JsonObjectSchema,
    mode: v.picklist(MODES),
    priority: v.number(),
    labels: v.record(v.string(), v.string()),
    planVersion: v.number(),
    analysis: v.nullable(AnalysisSchema),
    dispatch: v.nullable(DispatchSchema),
    progress: ProgressSchema,
    budget: v.object({
      limits: JsonObjectSchema,
      reserved: SpentSchema,
      spent: SpentSchema,
      /** Model calls that ended without telling their usage, and what they may have cost more than is spent; only where there are such. */
      unknownCalls: v.optional(v.number()),
      unknownUsdAtMost: v.optional(v.number()),
      /** For people: of limits of a live run below what is spent and held, and what is under way. */
      notice: v.optional(v.string()),
    }),
    usage: UsageSchema,
    quality: v.nullable(QualitySchema),
    result: v.nullable(ResultSchema),
    error: v.nullable(FailureViewSchema),
    cancellation: v.nullable(CancellationSchema),
    /** Only while it is paused. */
    pause: v.optional(PauseSchema),
    simulated: v.boolean(),
    createdAt: v.string(),
    startedAt: v.nullable(v.string()),
    finishedAt: v.nullable(v.string()),
  }),
  v.metadata({ ref: 'Run' }),
)
export type RunView = v.InferOutput<typeof RunSchema>

export const ToolCallSchema = v.pipe(
  v.object({
    effectId: v.string(),
    tool: v.string(),
    arguments: JsonSchema,
    status: v.picklist(['started', 'succeeded', 'failed']),
    result: v.nullable(v.string()),
    startedAt: v.string(),
    finishedAt: v.nullable(v.string()),
  }),
  v.metadata({ ref: 'ToolCall' }),
)
export type ToolCallView = v.InferOutput<typeof ToolCallSchema>

export const TurnSchema = v.pipe(
  v.object({
    attempt: v.number(),
    turn: v.number(),
    model: v.string(),
    request: JsonSchema,
    reply: JsonSchema,
    stopReason: v.string(),
    usage: UsageSchema,
    startedAt: v.string(),
    finishedAt: v.string(),
    toolCalls: v.array(ToolCallSchema),
  }),
  v.metadata({ ref: 'Turn' }),
)
export type TurnView = v.InferOutput<typeof TurnSchema>

export const CutOffCallSchema = v.pipe(
  v.object({
    attempt: v.number(),
    model: v.string(),
    startedAt: v.string(),
    /** When its attempt ended, which says why. */
    endedAt: v.string(),
    /** By what its provider told, by an estimate of what was sent and received, by nothing, or not yet: it may still tell. */
    charged: v.picklist(['told', 'estimated', 'unknown', 'not_yet']),
    tokens: v.number(),
    costUsd: v.number(),
    unknownUsdAtMost: v.number(),
  }),
  v.metadata({ ref: 'CutOffCall' }),
)
/** A model call that ended without an answer to keep: its attempt was cancelled, lost with its worker, or failed meanwhile. */
export type CutOffCallView = v.InferOutput<typeof CutOffCallSchema>

export const AttemptSchema = v.pipe(
  v.object({
    number: v.number(),
    kind: v.picklist(ATTEMPT_KINDS),
    status: v.picklist(ATTEMPT_STATUSES),
    worker: v.string(),
    startedAt: v.string(),
    finishedAt: v.nullable(v.string()),
    usage: UsageSchema,
    error: v.nullable(FailureViewSchema),
  }),
  v.metadata({ ref: 'Attempt' }),
)
export type AttemptView = v.InferOutput<typeof AttemptSchema>

export const VerdictViewSchema = v.pipe(
  v.object({
    attempt: v.number(),
    decision: v.picklist(VERDICTS),
    score: v.number(),
    findings: v.array(FindingSchema),
    judgeModel: v.nullable(v.string()),
    at: v.string(),
  }),
  v.metadata({ ref: 'Verdict' }),
)
export type VerdictView = v.InferOutput<typeof VerdictViewSchema>

const WaitSchema = v.pipe(
  v.object({ until: v.string(), why: v.nullable(v.string()), lane: v.nullable(v.string()), times: v.number() }),
  v.metadata({ ref: 'TaskWait' }),
)
/**
 * A task that was handed back without a call, because a lane is closed or a budget has no room now: until when it rests, the
 * lane, and how often in a row. It holds no worker and spends no try.
 */
export type TaskWaitView = v.InferOutput<typeof WaitSchema>

/** `limits`: its own; without any it is held to its run's and the month's alone. Seconds are time worked, of all its calls together. */
export const TaskBudgetSchema = v.pipe(
  v.object({ limits: BudgetLimitsSchema, reserved: SpentSchema, spent: SpentSchema }),
  v.metadata({ ref: 'TaskBudget' }),
)
export type TaskBudgetView = v.InferOutput<typeof TaskBudgetSchema>

const taskHead = {
  id: v.string(),
  key: v.string(),
  runId: v.string(),
  status: TaskStatusSchema,
  role: v.string(),
  type: v.string(),
  title: v.string(),
  dependsOn: v.array(v.string()),
  agent: v.nullable(v.object({ id: v.string(), name: v.string() })),
  /** That answered last; of a task that nothing has answered yet, the one that was chosen for it. */
  model: v.nullable(v.string()),
  /** Where several have answered: all, in the order of their first answers. */
  models: v.optional(v.array(v.string())),
  /** Numbers its claims, of which some only go on: after a wait, a pause, an approval. */
  attempt: v.number(),
  /** How often it was begun: first, retries, revisions and recoveries. */
  begun: v.number(),
  usage: UsageSchema,
  budget: TaskBudgetSchema,
  score: v.nullable(v.number()),
  startedAt: v.nullable(v.string()),
  finishedAt: v.nullable(v.string()),
  error: v.nullable(FailureViewSchema),
  /** Only while it waits for a lane or for room in a budget. */
  wait: v.optional(WaitSchema),
}

/** A task as a list shows it. */
export const TaskSummarySchema = v.pipe(v.object(taskHead), v.metadata({ ref: 'TaskSummary' }))
export type TaskSummaryView = v.InferOutput<typeof TaskSummarySchema>
/** The same without its account, which reports have no use for. */
export type TaskFacts = Omit<TaskSummaryView, 'budget'>

/** One task with everything that happened to it. */
export const TaskSchema = v.pipe(
  v.object({
    ...taskHead,
    instructions: v.string(),
    counts: AttemptTallySchema,
    attempts: v.array(AttemptSchema),
    turns: v.array(TurnSchema),
    cutOffCalls: v.array(CutOffCallSchema),
    verdicts: v.array(VerdictViewSchema),
    selection: v.nullable(SelectionSchema),
    context: v.nullable(JsonSchema),
    output: v.nullable(OutputSchema),
  }),
  v.metadata({ ref: 'Task' }),
)
export type TaskView = v.InferOutput<typeof TaskSchema>

export const PlanViewSchema = v.pipe(
  v.object({
    version: v.number(),
    versions: v.array(v.object({ version: v.number(), by: v.string(), createdAt: v.string(), tasks: v.number() })),
    tasks: v.array(PlanTaskSchema),
    result: v.nullable(v.string()),
  }),
  v.metadata({ ref: 'PlanView' }),
)
export type PlanView = v.InferOutput<typeof PlanViewSchema>
