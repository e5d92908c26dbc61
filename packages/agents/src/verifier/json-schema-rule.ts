import type { Json, JsonObject } from '@flotilla/domain'
import { stripFence } from '@flotilla/llm'
import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { compileExpression, type Compiled } from './regular-expression.ts'

/** Says what does not fit, nothing where all does. */
export type SchemaTest = (value: Json) => readonly string[]

const MAX_SCHEMA_CHARS = 64 * 1024
const SHOWN_ERRORS = 5

/** `pattern` and `patternProperties` run on RE2: JavaScript's own engine takes exponential time on some expressions. */
function linearRegExp(pattern: string) {
  const expression = compileExpression(pattern)
  if (!expression.ok) throw new SyntaxError(expression.reason)
  return { test: expression.value }
}
linearRegExp.code = 'linearRegExp'

const OPTIONS: Options = {
  strict: false,
  validateFormats: false,
  allErrors: true,
  logger: false,
  code: { regExp: linearRegExp },
}

/**
 * A JSON Schema given by a user: draft 7, 2019-09 or 2020-12 by its `$schema`. One validator a schema, since it caches all
 * that it has seen. References lead nowhere outside the schema itself.
 */
export function compileSchema(schema: JsonObject): Compiled<SchemaTest> {
  const size = JSON.stringify(schema).length
  if (size > MAX_SCHEMA_CHARS)
    return { ok: false, reason: `the schema is too large: ${size} characters, at most ${MAX_SCHEMA_CHARS}` }
  if ('$async' in schema) return { ok: false, reason: 'an asynchronous schema ("$async") is not supported' }
  const { $schema: dialect, ...body } = schema
  try {
    const validate = validatorOf(dialect).compile(body as AnySchema)
    return { ok: true, value: (value) => misfits(validate, value) }
  } catch (error) {
    return { ok: false, reason: `not a usable JSON Schema: ${messageOf(error)}` }
  }
}

/** A schema that refers to itself without end overflows the stack only when it is used. */
function misfits(validate: ValidateFunction, value: Json): string[] {
  try {
    return validate(value) ? [] : (validate.errors ?? []).slice(0, SHOWN_ERRORS).map(describe)
  } catch (error) {
    return [`the schema cannot be applied: ${messageOf(error)}`]
  }
}

function validatorOf(dialect: Json | undefined): Ajv {
  if (typeof dialect === 'string' && dialect.includes('2020-12')) return new Ajv2020(OPTIONS)
  return typeof dialect === 'string' && dialect.includes('2019-09') ? new Ajv2019(OPTIONS) : new Ajv(OPTIONS)
}

const describe = (error: ErrorObject): string =>
  `${error.instancePath === '' ? 'the value' : error.instancePath} ${error.message ?? `fails "${error.keyword}"`}`

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** An output's text as JSON, out of a code fence where it stands in one. Never repaired: the rule asks for JSON. */
export function outputJson(text: string): Compiled<Json> {
  const bare = stripFence(text)
  try {
    return { ok: true, value: JSON.parse(bare) as Json }
  } catch (error) {
    return { ok: false, reason: bare === '' ? 'the output is empty' : `the output is not JSON: ${messageOf(error)}` }
  }
}
