import type { JsonObject, RETRY_CLASSES } from '@flotilla/domain'
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { oncePerSchema } from '../once-per-schema.ts'

/**
 * What may be done when nobody knows whether a call happened. `safe`: it changes nothing, so repeat it, also beside other
 * safe calls. `idempotent`: repeat it with the same effect id. `unsafe`: never repeat it blindly; its `reconcile` finds out
 * what became of it, or a person decides.
 */
export type RetryClass = (typeof RETRY_CLASSES)[number]

/** What the model is told. A refusal (`ok` false) is an answer too: the model may mend its arguments. */
export type ToolOutcome = Readonly<{ ok: boolean; text: string }>

/** `effectId` names this call's effect and stays the same when the call is repeated after a loss. */
export type ToolCallContext = Readonly<{ effectId: string; signal: AbortSignal }>

/**
 * What became of a call that was begun and never heard of again. `happened`: it took effect, and `result` is what the model is
 * told. `not_happened`: it did not and will not, so it may be made. `unknown`: a person decides.
 */
export type Reconciled =
  | Readonly<{ kind: 'happened'; result: string }>
  | Readonly<{ kind: 'not_happened' }>
  | Readonly<{ kind: 'unknown' }>

export type Tool = Readonly<{
  name: string
  description: string
  /** The JSON Schema of the arguments. */
  parameters: JsonObject
  retry: RetryClass
  timeoutMs: number
  /** Pointless, and so not offered, in a run without documents. */
  needsDocuments: boolean
  /** Names of the artifacts that a successful call with these arguments has written. */
  artifacts: (args: JsonObject) => readonly string[]
  /** Checks the arguments, then runs. Throws only for bugs and broken infrastructure. */
  run: (args: JsonObject, context: ToolCallContext) => Promise<ToolOutcome>
  /** Of an unsafe tool: asks the outside system, by the effect id, whether the call took effect. Within `timeoutMs`. */
  reconcile?: (args: JsonObject, context: ToolCallContext) => Promise<Reconciled>
}>

type Definition<TSchema extends v.GenericSchema> = Readonly<{
  name: string
  description: string
  parameters: TSchema
  retry: RetryClass
  timeoutMs: number
  needsDocuments?: boolean
  artifacts?: (args: v.InferOutput<TSchema>) => readonly string[]
  run: (args: v.InferOutput<TSchema>, context: ToolCallContext) => Promise<ToolOutcome>
  reconcile?: (args: v.InferOutput<TSchema>, context: ToolCallContext) => Promise<Reconciled>
}>

export function defineTool<TSchema extends v.GenericSchema>(definition: Definition<TSchema>): Tool {
  const { parameters, artifacts, run, reconcile, needsDocuments = false, ...rest } = definition
  return {
    ...rest,
    needsDocuments,
    parameters: jsonSchemaOf(parameters),
    artifacts: (args) => {
      const parsed = v.safeParse(parameters, args)
      return parsed.success ? (artifacts?.(parsed.output) ?? []) : []
    },
    run: async (args, context) => {
      const parsed = v.safeParse(parameters, args)
      if (parsed.success) return run(parsed.output, context)
      return { ok: false, text: describeArguments(definition.name, parsed.issues) }
    },
    ...(reconcile && {
      reconcile: async (args, context) => {
        const parsed = v.safeParse(parameters, args)
        // What does not fit is refused before anything is done.
        return parsed.success ? reconcile(parsed.output, context) : { kind: 'not_happened' }
      },
    }),
  }
}

/** The built-in tools are made for every attempt. */
const jsonSchemaOf = oncePerSchema((parameters) => {
  const { $schema: _dialect, ...schema } = toJsonSchema(parameters, { errorMode: 'ignore' })
  return schema as JsonObject
})

function describeArguments(tool: string, issues: readonly v.BaseIssue<unknown>[]): string {
  const found = issues.slice(0, 8).map((issue) => `${v.getDotPath(issue) ?? 'arguments'}: ${issue.message}`)
  return `The arguments of ${tool} are wrong: ${found.join('; ')}. Nothing was done. Call it again with arguments that fit its schema.`
}
