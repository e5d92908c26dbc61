import {
  ArtifactSchema,
  DispatchSchema,
  EstimateCheckSchema,
  FailureViewSchema,
  QualitySchema,
  ResultSchema,
  RunSchema,
  RunStatusSchema,
  TaskStatusSchema,
  UsageSchema,
  VerdictViewSchema,
} from '@flotilla/domain'
import * as v from 'valibot'

const nullableNumber = v.nullable(v.number())

const ReportTaskSchema = v.pipe(
  v.object({
    key: v.string(),
    title: v.string(),
    role: v.string(),
    type: v.string(),
    status: TaskStatusSchema,
    dependsOn: v.array(v.string()),
    agent: v.nullable(v.string()),
    model: v.nullable(v.string()),
    models: v.optional(v.array(v.string())),
    attempts: v.number(),
    score: nullableNumber,
    tokens: v.number(),
    costUsd: v.number(),
    durationMs: nullableNumber,
    verdicts: v.array(VerdictViewSchema),
    error: v.nullable(FailureViewSchema),
  }),
  v.metadata({ ref: 'ReportTask' }),
)

/** The completion report of a run. Durations in milliseconds, times ISO 8601. `simulated`: no model stands behind it. */
export const ReportSchema = v.pipe(
  v.object({
    runId: v.string(),
    goal: v.string(),
    status: RunStatusSchema,
    mode: v.string(),
    simulated: v.boolean(),
    dispatch: v.nullable(DispatchSchema),
    result: v.nullable(ResultSchema),
    quality: v.nullable(QualitySchema),
    tasks: v.array(ReportTaskSchema),
    artifacts: v.array(ArtifactSchema),
    budget: RunSchema.pipe[0].entries.budget,
    /** What was expected beside what was used; null for a run that was not analysed. */
    estimate: v.nullable(EstimateCheckSchema),
    usage: UsageSchema,
    /** Of its model calls: those whose provider told no usage, or not all of it, and what was charged for them. */
    estimated: v.object({ calls: v.number(), costUsd: v.number() }),
    timings: v.object({
      createdAt: v.string(),
      startedAt: v.nullable(v.string()),
      finishedAt: v.nullable(v.string()),
      waitMs: nullableNumber,
      durationMs: nullableNumber,
    }),
    errors: v.array(FailureViewSchema),
    generatedAt: v.string(),
  }),
  v.metadata({ ref: 'Report' }),
)
export type JsonReport = v.InferOutput<typeof ReportSchema>
export type ReportTask = v.InferOutput<typeof ReportTaskSchema>
