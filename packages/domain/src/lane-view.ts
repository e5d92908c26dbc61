import * as v from 'valibot'

/** `circuit_open`: it lets calls pass, but did not answer them, so that tasks wait before they ask it again. */
export const LANE_STATES = ['open', 'closed', 'opening', 'circuit_open'] as const

const WaitingSchema = v.object({
  lane: v.nullable(v.string()),
  why: v.nullable(v.string()),
  tasks: v.number(),
  until: v.string(),
})

export const LaneSchema = v.pipe(
  v.object({
    /** Provider, model and a digest of the key. */
    id: v.string(),
    model: v.string(),
    /** Of a key that this server's settings no longer have. */
    earlierKey: v.boolean(),
    state: v.picklist(LANE_STATES),
    /** Nothing passes before; with an open circuit: until when tasks wait. Null: open. */
    closedUntil: v.nullable(v.string()),
    /** Why it was closed last, or its circuit is open. */
    why: v.nullable(v.string()),
    /** Share of the full pace: below 1 for some seconds after a closing. */
    pace: v.number(),
    /** Refusals in a row. */
    strikes: v.number(),
    /** Per minute: limits that are configured, told by the provider or learnt, and what passed in the last minute. */
    meters: v.array(
      v.object({
        name: v.picklist(['requests', 'tokens', 'inputTokens', 'outputTokens']),
        limit: v.nullable(v.number()),
        from: v.nullable(v.picklist(['configured', 'told', 'learnt'])),
        used: v.number(),
      }),
    ),
    /** Of this workspace. */
    waitingTasks: v.number(),
  }),
  v.metadata({ ref: 'Lane' }),
)
export type LaneView = v.InferOutput<typeof LaneSchema>

export const LanesSchema = v.pipe(
  v.object({
    items: v.array(LaneSchema),
    /** What tasks of this workspace wait for: closed lanes, open circuits, room in a budget. */
    waiting: v.array(WaitingSchema),
    /** Runs that rest since a provider refused its key: with another key, resume them. */
    refusedKeys: v.array(v.object({ runId: v.string(), why: v.string() })),
  }),
  v.metadata({ ref: 'Lanes' }),
)
export type Lanes = v.InferOutput<typeof LanesSchema>

const rates = { input: v.number(), cachedInput: v.number(), cacheWrite: v.number(), output: v.number() }
const PriceViewSchema = v.object({
  ...rates,
  reasoning: v.optional(v.number()),
  longPrompt: v.optional(v.object({ aboveInputTokens: v.number(), ...rates })),
})

export const MODEL_USES = ['default', 'utility', 'fallback', 'agent'] as const
export const PRICE_SOURCES = ['built_in', 'own', 'free', 'most_expensive', 'unknown'] as const

const ModelSchema = v.pipe(
  v.object({
    model: v.string(),
    uses: v.array(v.picklist(MODEL_USES)),
    available: v.boolean(),
    simulated: v.boolean(),
    /** Why it cannot be used. */
    problem: v.nullable(v.string()),
    /** US dollars per million tokens; null: unknown, and such models are refused. */
    price: v.nullable(PriceViewSchema),
    priceFrom: v.picklist(PRICE_SOURCES),
    /** The entry of the table that matched. */
    priceEntry: v.nullable(v.string()),
    /** What to do about a price that is not the model's own. */
    priceNote: v.nullable(v.string()),
  }),
  v.metadata({ ref: 'Model' }),
)
export type ModelView = v.InferOutput<typeof ModelSchema>

export const ModelsSchema = v.pipe(
  v.object({
    /** `version` names the built-in table, and by a digest the operator's own entries. */
    prices: v.object({
      version: v.string(),
      asOf: v.string(),
      ownEntries: v.array(v.string()),
      unknownPrice: v.picklist(['most_expensive', 'refuse']),
    }),
    items: v.array(ModelSchema),
  }),
  v.metadata({ ref: 'Models' }),
)
export type Models = v.InferOutput<typeof ModelsSchema>
