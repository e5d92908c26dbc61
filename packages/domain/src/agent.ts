import * as v from 'valibot'
import { storable } from './json.ts'
import { RoleSchema } from './plan.ts'
import { strictFields } from './strict-fields.ts'

const texts = (max: number) => v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(200))), v.maxLength(max))

const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
const seconds = v.exactOptional(
  v.pipe(
    v.number('expected 0.1 to 86,400 seconds'),
    v.minValue(0.1, 'expected 0.1 to 86,400 seconds'),
    v.maxValue(86_400, 'expected 0.1 to 86,400 seconds'),
  ),
)

/**
 * Of one model call: until the server answers, from there to the first piece of the answer, silence after that, and the whole.
 */
export const CallTimeoutsSchema = strictFields({
  connectSeconds: seconds,
  firstTokenSeconds: seconds,
  idleSeconds: seconds,
  totalSeconds: seconds,
})
export type CallTimeouts = Readonly<v.InferOutput<typeof CallTimeoutsSchema>>

const reasoning = v.exactOptional(
  v.strictObject({
    effort: v.exactOptional(v.picklist(REASONING_EFFORTS, `expected one of ${REASONING_EFFORTS.join(', ')}`)),
    budgetTokens: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000))),
  }),
)

/**
 * How an agent's model is called; what is left out is as the system has it. `allowedModels` may answer in place of its model: in
 * this order where that does not answer, and the cheapest where a budget asks to save; an empty list is for nobody else. A model
 * without the effort that is asked for takes the next one below.
 */
export const ModelSettingsSchema = v.pipe(
  v.strictObject({
    allowedModels: v.exactOptional(
      v.pipe(
        v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
        v.maxLength(20, 'expected at most 20 models'),
      ),
    ),
    reasoning,
    parallelToolCalls: v.exactOptional(v.boolean()),
    timeouts: v.exactOptional(CallTimeoutsSchema),
  }),
  v.metadata({ ref: 'ModelSettings' }),
)
export type ModelSettings = v.InferOutput<typeof ModelSettingsSchema>

const ofPurpose = v.exactOptional(strictFields({ reasoning, timeouts: v.exactOptional(CallTimeoutsSchema) }))

/** How the calls are made that no agent makes, by what they are for. */
export const CallSettingsSchema = strictFields({ plan: ofPurpose, judge: ofPurpose, analysis: ofPurpose })
export type CallSettings = Readonly<v.InferOutput<typeof CallSettingsSchema>>

/** What a client may set of an agent. `model` null means the system's working model. */
export const AgentInputSchema = v.pipe(
  v.strictObject({
    name: v.pipe(v.string(), v.trim(), v.minLength(1, 'an agent needs a name'), v.maxLength(100)),
    role: RoleSchema,
    description: v.optional(v.pipe(v.string(), v.maxLength(2_000)), ''),
    capabilities: v.optional(texts(50), []),
    model: v.nullish(v.pipe(v.string(), v.minLength(1), v.maxLength(200)), null),
    systemPrompt: v.optional(v.pipe(v.string(), v.maxLength(32_000)), ''),
    tools: v.optional(texts(50), ['knowledge_search', 'write_artifact']),
    maxTurns: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 12),
    maxOutputTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(16), v.maxValue(128_000)), 4_096),
    modelSettings: v.exactOptional(ModelSettingsSchema),
    enabled: v.optional(v.boolean(), true),
  }),
  storable(),
  v.metadata({ ref: 'AgentInput' }),
)
export type AgentInput = v.InferOutput<typeof AgentInputSchema>

export const AGENT_ORIGINS = ['builtin', 'user', 'drafted'] as const
export type AgentOrigin = (typeof AGENT_ORIGINS)[number]

/** All that a client may set of an agent, as it is. */
const DEFINITION = {
  name: v.string(),
  role: v.string(),
  description: v.string(),
  capabilities: v.array(v.string()),
  model: v.nullable(v.string()),
  systemPrompt: v.string(),
  tools: v.array(v.string()),
  maxTurns: v.number(),
  maxOutputTokens: v.number(),
  modelSettings: ModelSettingsSchema,
  enabled: v.boolean(),
}

export const AgentSchema = v.pipe(
  v.object({
    id: v.string(),
    version: v.number(),
    origin: v.picklist(AGENT_ORIGINS),
    ...DEFINITION,
    createdAt: v.string(),
    updatedAt: v.string(),
  }),
  v.metadata({ ref: 'Agent' }),
)
export type Agent = v.InferOutput<typeof AgentSchema>

/** What an agent was from `since` on, until the next version; `definition` may be set again as it is. */
export const AgentVersionSchema = v.pipe(
  v.object({ version: v.number(), since: v.string(), definition: v.object(DEFINITION) }),
  v.metadata({ ref: 'AgentVersion' }),
)
export type AgentVersion = Readonly<v.InferOutput<typeof AgentVersionSchema>>
export type AgentDefinition = AgentVersion['definition']
