import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { RETRY_CLASSES, type JsonObject } from '@flotilla/domain'
import * as v from 'valibot'
import { compileSchema, type SchemaTest } from '../verifier/json-schema-rule.ts'
import { BUILTIN_TOOLS } from './builtin-tools.ts'
import type { Reconciled, Tool, ToolOutcome } from './tool.ts'

/** A module that has not been evaluated by then waits for something that does not come. */
const LOAD_MS = 10_000
const MAX_TIMEOUT_MS = 24 * 3_600_000

const text = (what: string) => v.pipe(v.string(`expected ${what}`), v.minLength(1, `expected ${what}, found nothing`))
const callable = <T>(what: string) => v.custom<T>((value) => typeof value === 'function', `expected ${what}`)

const TOOL_ENTRIES = {
  name: v.pipe(
    text('a name'),
    v.regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'expected letters, digits, "_" and "-", at most 64, a letter first'),
  ),
  description: text('a description: what it does, for the model'),
  parameters: v.pipe(
    v.custom<JsonObject>((value) => typeof value === 'object' && value !== null, 'expected a JSON Schema'),
    v.check((schema) => schema['type'] === 'object', 'expected a JSON Schema with "type": "object"'),
  ),
  retry: v.picklist(RETRY_CLASSES, 'expected "safe", "idempotent" or "unsafe"'),
  timeoutMs: v.pipe(
    v.number('expected milliseconds'),
    v.minValue(1, 'expected at least 1 ms'),
    v.maxValue(MAX_TIMEOUT_MS, 'expected at most a day'),
  ),
  needsDocuments: v.optional(v.boolean('expected true or false'), false),
  artifacts: v.optional(callable<Tool['artifacts']>('a function of the arguments')),
  run: callable<Tool['run']>('a function (args, { effectId, signal }) => Promise<{ ok, text }>'),
  reconcile: v.optional(callable<NonNullable<Tool['reconcile']>>('a function (args, { effectId, signal })')),
}

/** What a module's tool has to be; what `defineTool` makes is one. */
const ToolSchema = v.pipe(
  v.object(TOOL_ENTRIES, 'expected a tool, as defineTool makes one'),
  v.forward(
    v.partialCheck(
      [['retry'], ['reconcile']],
      ({ retry, reconcile }) => retry === 'unsafe' || reconcile === undefined,
      'only an unsafe tool is asked: leave it out, or set retry to "unsafe"',
    ),
    ['reconcile'],
  ),
)
type CustomTool = v.InferOutput<typeof ToolSchema>

export type LoadedTools =
  | Readonly<{ ok: true; tools: readonly Tool[] }>
  | Readonly<{ ok: false; problems: readonly string[] }>

/**
 * The tools of these modules (TypeScript or JavaScript, relative to `base`), each with an array of tools as its default export.
 * `problems` tells of every module and tool that is none: the file, what was expected and what was found. A module gets `loadMs`
 * to be evaluated; one that never lets go of the thread holds this process, and one that exits ends it.
 */
export async function loadTools(
  modules: readonly string[],
  base: string,
  { loadMs = LOAD_MS }: Readonly<{ loadMs?: number }> = {},
): Promise<LoadedTools> {
  const tools: Tool[] = []
  const problems: string[] = []
  const owners = new Map<string, string>(BUILTIN_TOOLS.map((name) => [name, 'Flotilla itself']))
  for (const module of modules) {
    const loaded = await loadModule(module, path.resolve(base, module), loadMs)
    if (!loaded.ok) problems.push(...loaded.problems)
    else
      for (const tool of loaded.tools) {
        const owner = owners.get(tool.name)
        if (owner !== undefined)
          problems.push(`${module}: the tool "${tool.name}" exists already, in ${owner}: rename it`)
        else tools.push(tool)
        owners.set(tool.name, owner ?? module)
      }
  }
  return problems.length === 0 ? { ok: true, tools } : { ok: false, problems }
}

async function loadModule(name: string, file: string, loadMs: number): Promise<LoadedTools> {
  let found: unknown
  try {
    found = await within(loadMs, importDefault(file))
  } catch (error) {
    return { ok: false, problems: [`${name}: cannot be loaded from ${file}: ${messageOf(error)}`] }
  }
  if (!Array.isArray(found))
    return {
      ok: false,
      problems: [`${name}: expected an array of tools as its default export, found ${kindOf(found)}`],
    }
  const read = found.map((tool: unknown, i) => readTool(`${name}: tool ${i + 1}`, tool))
  const problems = read.flatMap((one) => ('problems' in one ? one.problems : []))
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, tools: read.flatMap((one) => ('tool' in one ? [one.tool] : [])) }
}

const importDefault = async (file: string): Promise<unknown> =>
  ((await import(pathToFileURL(file).href)) as { default?: unknown }).default

/** The timer also keeps the process alive, which else ends without a word when nothing but the module is left to wait for. */
async function within<T>(ms: number, loading: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const what = `it is not done after ${ms / 1_000} s; expected a module whose top level waits for nothing that may not come`
  const timer = setTimeout(() => late.reject(new Error(what)), ms)
  try {
    return await Promise.race([loading, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function readTool(where: string, value: unknown): { tool: Tool } | { problems: string[] } {
  const parsed = v.safeParse(ToolSchema, withEveryKey(value))
  if (!parsed.success) {
    const name = nameOf(value)
    return {
      problems: parsed.issues.map((issue) => {
        const at = v.getDotPath(issue)
        return `${where}${name}${at === null ? '' : `, ${at}`}: ${issue.message}, found ${kindOf(issue.input)}`
      }),
    }
  }
  const schema = compileSchema(parsed.output.parameters)
  if (!schema.ok) return { problems: [`${where}${nameOf(value)}, parameters: ${schema.reason}`] }
  return { tool: guarded(parsed.output, schema.value) }
}

/** Names what is left out: the schema of the entry then says what was expected of it, instead of the object that it is missing. */
function withEveryKey(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.keys(TOOL_ENTRIES).map((key) => [key, Reflect.get(value, key)]))
}

/** Checks what goes in, by the tool's own schema, and what comes out: its author may not have. */
function guarded(tool: CustomTool, misfits: SchemaTest): Tool {
  const { artifacts, reconcile, ...rest } = tool
  return {
    ...rest,
    artifacts: artifacts ?? (() => []),
    run: async (args, context) => {
      const wrong = misfits(args)
      if (wrong.length > 0) return { ok: false, text: refusal(tool.name, wrong) }
      const outcome: unknown = await tool.run(args, context)
      if (v.is(OutcomeSchema, outcome)) return outcome
      throw new TypeError(`the tool ${tool.name} answered ${kindOf(outcome)}; expected { ok: boolean, text: string }`)
    },
    ...(reconcile && {
      reconcile: async (args, context) => {
        const found: unknown = await reconcile(args, context)
        if (v.is(ReconciledSchema, found)) return found
        throw new TypeError(
          `its reconcile answered ${kindOf(found)}; expected { kind: "happened", result } or another kind`,
        )
      },
    }),
  }
}

const OutcomeSchema: v.GenericSchema<ToolOutcome> = v.object({ ok: v.boolean(), text: v.string() })
const ReconciledSchema: v.GenericSchema<Reconciled> = v.variant('kind', [
  v.object({ kind: v.literal('happened'), result: v.string() }),
  v.object({ kind: v.literal('not_happened') }),
  v.object({ kind: v.literal('unknown') }),
])

const refusal = (tool: string, wrong: readonly string[]): string =>
  `The arguments of ${tool} are wrong: ${wrong.join('; ')}. Nothing was done. Call it again with arguments that fit its schema.`

const nameOf = (value: unknown): string => {
  const name = typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined
  return typeof name === 'string' ? ` "${name.slice(0, 64)}"` : ''
}

function kindOf(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing'
    case 'string':
      return JSON.stringify(value.slice(0, 60))
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return `a ${typeof value}`
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
