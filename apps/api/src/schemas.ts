import {
  AgentSchema,
  AgentStatsSchema,
  AgentVersionSchema,
  AnalysisSchema,
  ApprovalSchema,
  ArtifactSchema,
  CancellationSchema,
  DeadLetterSummarySchema,
  DispatchSchema,
  DocumentViewSchema,
  RunEventSchema,
  RunSchema,
  RunStatusSchema,
  TaskSummarySchema,
  ToolViewSchema,
  RestingRunsSchema,
  WorkspaceBudgetSchema,
} from '@flotilla/domain'
import * as v from 'valibot'

/** A page of a list; `nextCursor` is null on the last one. */
const pageOf = <S extends v.GenericSchema>(ref: string, item: S) =>
  v.pipe(v.object({ items: v.array(item), nextCursor: v.nullable(v.string()) }), v.metadata({ ref }))

export const RunAcceptedSchema = v.pipe(
  v.object({
    id: v.string(),
    status: RunStatusSchema,
    priority: v.number(),
    planVersion: v.number(),
    createdAt: v.string(),
  }),
  v.metadata({ ref: 'RunAccepted' }),
)

/** `cancellation`: the receipt with what is known at once; what the stopped calls used comes in after it. */
export const CancelAcceptedSchema = v.pipe(
  v.object({ ...RunAcceptedSchema.pipe[0].entries, cancellation: v.nullable(CancellationSchema) }),
  v.metadata({ ref: 'CancelAccepted' }),
)

const {
  inputs: _inputs,
  analysis: _analysis,
  dispatch: _dispatch,
  result: _result,
  cancellation: _cancellation,
  pause: _pause,
  ...summary
} = RunSchema.pipe[0].entries
/** A run as a list shows it: without what can be large. */
export const RunSummarySchema = v.pipe(v.object(summary), v.metadata({ ref: 'RunSummary' }))

export const RunPageSchema = pageOf('RunPage', RunSummarySchema)
export const TaskPageSchema = pageOf('TaskPage', TaskSummarySchema)
/** `trimmed`: the run is older than events are kept; those of its tasks are gone, the run's own are left. */
export const EventPageSchema = v.pipe(
  v.object({
    items: v.array(RunEventSchema),
    nextCursor: v.nullable(v.string()),
    trimmed: v.optional(v.literal(true)),
  }),
  v.metadata({ ref: 'EventPage' }),
)
export const ArtifactPageSchema = pageOf('ArtifactPage', ArtifactSchema)
export const DocumentPageSchema = pageOf('RunDocumentPage', DocumentViewSchema)
export const AgentPageSchema = pageOf('AgentPage', AgentSchema)
export const AgentVersionPageSchema = pageOf('AgentVersionPage', AgentVersionSchema)
export const ToolPageSchema = pageOf('ToolPage', ToolViewSchema)
export const DeadLetterPageSchema = pageOf('DeadLetterPage', DeadLetterSummarySchema)
export const ApprovalPageSchema = pageOf('ApprovalPage', ApprovalSchema)
export const AgentStatsPageSchema = pageOf('AgentStatsPage', AgentStatsSchema)

export const RequestAnalysisSchema = v.pipe(
  v.object({
    analysis: AnalysisSchema,
    dispatch: DispatchSchema,
    coaching: v.array(v.string()),
    alternatives: v.array(v.object({ model: v.string(), costUsd: v.number() })),
    /** Model calls that the analysis itself took, and what they have cost. */
    analysisCost: v.object({ calls: v.number(), costUsd: v.number() }),
  }),
  v.metadata({ ref: 'RequestAnalysis' }),
)

/** `resumed`: runs that rested since the month was used up, and go on. */
export const WorkspaceBudgetSetSchema = v.pipe(
  v.object({ ...WorkspaceBudgetSchema.pipe[0].entries, resumed: v.array(v.string()), resting: RestingRunsSchema }),
  v.metadata({ ref: 'WorkspaceBudgetSet' }),
)

export const ReadinessSchema = v.pipe(
  v.object({
    status: v.literal('ready'),
    dependencies: v.record(
      v.string(),
      v.object({ status: v.picklist(['up', 'down']), reason: v.optional(v.string()) }),
    ),
  }),
  v.metadata({ ref: 'Readiness' }),
)

export const HealthSchema = v.pipe(v.object({ status: v.literal('ok') }), v.metadata({ ref: 'Health' }))
