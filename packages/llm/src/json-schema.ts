import type { Json, JsonObject } from '@flotilla/domain'
import type { ValidateFunction } from 'ajv'
import { readJsonText, type StructuredIssue } from './structured.ts'

const compiled = new Map<string, ValidateFunction>()
const MAX_COMPILED = 100

/** Loaded on first use: structured output is asked for by planners and judges only. */
async function compile(schema: JsonObject): Promise<ValidateFunction> {
  const { $schema: _dialect, ...body } = schema
  const key = JSON.stringify(body)
  const known = compiled.get(key)
  if (known) return known
  const { Ajv } = await import('ajv')
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(body)
  if (compiled.size >= MAX_COMPILED) compiled.clear()
  compiled.set(key, validate)
  return validate
}

/** Why a schema cannot be used, or undefined. Asked before a model is called, since a call costs. */
export async function compileProblem(schema: JsonObject): Promise<string | undefined> {
  try {
    await compile(schema)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export type SchemaCheck = { ok: true; value: Json } | { ok: false; issues: StructuredIssue[] }

/** Reads a reply as JSON (one repair) and checks it against the JSON Schema that was asked for. */
export async function checkAgainstSchema(text: string, schema: JsonObject): Promise<SchemaCheck> {
  const json = readJsonText(text)
  if (!json.ok) return { ok: false, issues: [{ path: '', message: json.message }] }
  const validate = await compile(schema)
  if (validate(json.value)) return { ok: true, value: json.value }
  const issues = (validate.errors ?? []).slice(0, 8).map((error) => ({
    path: error.instancePath.slice(1).replaceAll('/', '.'),
    message: error.message ?? error.keyword,
  }))
  return { ok: false, issues }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Keywords under which schemas stand, one or several. */
const NESTED = ['items', 'anyOf', 'oneOf', 'allOf', 'additionalProperties', 'not'] as const

/**
 * Whether a schema fits the providers' strict mode: every object closed and all of its properties required. Other
 * schemas are sent as guidance and checked here afterwards.
 */
export function isStrictSchema(schema: Json | undefined): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictSchema)
  if (!isObject(schema)) return true
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  if (schema['type'] === 'object' || schema['properties'] !== undefined) {
    const required = Array.isArray(schema['required']) ? schema['required'] : []
    if (schema['additionalProperties'] !== false) return false
    if (Object.keys(properties).some((key) => !required.includes(key))) return false
  }
  const definitions = [schema['$defs'], schema['definitions']].filter(isObject)
  return (
    Object.values(properties).every(isStrictSchema) &&
    definitions.every((group) => Object.values(group).every(isStrictSchema)) &&
    NESTED.every((keyword) => isStrictSchema(schema[keyword]))
  )
}
