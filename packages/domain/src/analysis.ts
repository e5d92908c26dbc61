import * as v from 'valibot'

export const REQUEST_TYPES = [
  'research',
  'comparison',
  'question',
  'writing',
  'development',
  'security_audit',
  'data',
  'custom',
] as const
export type RequestType = (typeof REQUEST_TYPES)[number]
export const COMPLEXITIES = ['simple', 'moderate', 'complex'] as const

const range = v.object({ low: v.number(), expected: v.number(), high: v.number() })

/** What the planner understood of a request before it planned. `inferred` requirements come from the type, not the goal. */
export const AnalysisSchema = v.pipe(
  v.object({
    type: v.picklist(REQUEST_TYPES),
    confidence: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    complexity: v.picklist(COMPLEXITIES),
    requirements: v.array(v.object({ text: v.string(), source: v.picklist(['explicit', 'inferred']) })),
    roles: v.array(v.string()),
    estimate: v.object({
      tasks: v.number(),
      parallelism: v.number(),
      tokens: range,
      costUsd: range,
      /** Wall time of the execution. */
      seconds: range,
      /** What the seconds are reckoned from, and what they leave out. Runs of an earlier version lack it. */
      secondsBasis: v.optional(v.string()),
      /** What tokens and cost are expected for, the dearest first. Runs of an earlier version lack it. */
      drivers: v.optional(
        v.array(v.object({ what: v.string(), inputTokens: v.number(), outputTokens: v.number(), costUsd: v.number() })),
      ),
    }),
    warnings: v.array(v.string()),
    by: v.string(),
  }),
  v.metadata({ ref: 'Analysis' }),
)
export type Analysis = v.InferOutput<typeof AnalysisSchema>

/** How the plan came about, and why. */
export const DispatchSchema = v.pipe(
  v.object({
    kind: v.picklist(['explicit', 'template', 'generated']),
    template: v.nullable(v.string()),
    reason: v.string(),
    planner: v.string(),
    repairs: v.number(),
    simulated: v.boolean(),
  }),
  v.metadata({ ref: 'Dispatch' }),
)
export type Dispatch = v.InferOutput<typeof DispatchSchema>
