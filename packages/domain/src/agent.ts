import * as v from 'valibot'
import { storable } from './json.ts'
import { RoleSchema } from './plan.ts'

const texts = (max: number) => v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(200))), v.maxLength(max))

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
    enabled: v.optional(v.boolean(), true),
  }),
  storable(),
  v.metadata({ ref: 'AgentInput' }),
)
export type AgentInput = v.InferOutput<typeof AgentInputSchema>

export const AGENT_ORIGINS = ['builtin', 'user', 'drafted'] as const
export type AgentOrigin = (typeof AGENT_ORIGINS)[number]

export const AgentSchema = v.pipe(
  v.object({
    id: v.string(),
    version: v.number(),
    origin: v.picklist(AGENT_ORIGINS),
    name: v.string(),
    role: v.string(),
    description: v.string(),
    capabilities: v.array(v.string()),
    model: v.nullable(v.string()),
    systemPrompt: v.string(),
    tools: v.array(v.string()),
    maxTurns: v.number(),
    maxOutputTokens: v.number(),
    enabled: v.boolean(),
    createdAt: v.string(),
    updatedAt: v.string(),
  }),
  v.metadata({ ref: 'Agent' }),
)
export type Agent = v.InferOutput<typeof AgentSchema>
