import { createHash } from 'node:crypto'
import {
  BODY_BYTES,
  LARGE_BODY_BYTES,
  accepted,
  issuesOf,
  rejected,
  type Rejection,
  type Result,
} from '@flotilla/domain'
import { describeIssues } from '@flotilla/engine'
import { resolver, uniqueSymbol } from 'hono-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import * as v from 'valibot'
import type { AppEnv } from './context.ts'
import { refuse } from './errors.ts'

/** Requests of runs and plans carry documents and thousands of tasks. */
export function bodyLimitOf(method: string, path: string): number {
  const large =
    (method === 'POST' && /^\/v1\/(runs|analyses)\/?$/.test(path)) ||
    (method === 'PUT' && /^\/v1\/runs\/[^/]+\/plan\/?$/.test(path))
  return large ? LARGE_BODY_BYTES : BODY_BYTES
}

const tooLarge = (limit: number): Rejection =>
  rejected('too_large', `the body is larger than ${limit / 1024 / 1024} MiB, the limit of this call`)

/** Refuses a body that says itself that it is too large, before anything of it is read. */
export const limitBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  const limit = bodyLimitOf(c.req.method, c.req.path)
  if (Number(c.req.header('content-length') ?? 0) > limit) return refuse(c, tooLarge(limit))
  return next()
}

/** Reads at most the limit, whatever the headers say. */
async function readBytes(c: Context<AppEnv>): Promise<Result<Uint8Array>> {
  const limit = bodyLimitOf(c.req.method, c.req.path)
  // A length that is given is checked by `limitBody` and kept by the HTTP parser.
  if (c.req.header('content-length') !== undefined) return accepted(new Uint8Array(await c.req.arrayBuffer()))
  const body = c.req.raw.body as AsyncIterable<Uint8Array> | null
  if (body === null) return accepted(new Uint8Array())
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > limit) return tooLarge(limit)
    chunks.push(chunk)
  }
  return accepted(Buffer.concat(chunks))
}

const MEDIA_TYPE = /^([\w.+-]+\/[\w.+-]+)\s*(?:;\s*charset="?([\w-]+)"?\s*)?(?:;.*)?$/i

/** The media type of a body in UTF-8; null when it is none or another charset. */
function mediaTypeOf(c: Context<AppEnv>): string | null {
  const [, type, charset = 'utf-8'] = MEDIA_TYPE.exec(c.req.header('content-type')?.trim() ?? '') ?? []
  return type !== undefined && /^utf-?8$/i.test(charset) ? type.toLowerCase() : null
}

/** A body as text, of one of these media types; broken UTF-8 is refused instead of being replaced. */
async function readText(c: Context<AppEnv>, types: readonly string[]): Promise<Result<{ type: string; text: string }>> {
  const bytes = await readBytes(c)
  if (!bytes.ok) return bytes
  c.set('bodyHash', createHash('sha256').update(bytes.value).digest('hex'))
  const type = mediaTypeOf(c)
  const found = c.req.header('content-type')
  if (type === null || !types.includes(type)) {
    if (bytes.value.length === 0 && found === undefined)
      return rejected('malformed_json', 'the body is empty; expected JSON')
    const detail = `expected a body of ${types.join(' or ')} in UTF-8, found ${found ?? 'no content-type'}`
    return rejected('unsupported_media_type', detail)
  }
  try {
    return accepted({ type, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes.value) })
  } catch {
    return rejected('malformed_json', 'the body is not UTF-8 text')
  }
}

function parseJson(text: string): Result<unknown> {
  if (text.trim() === '') return rejected('malformed_json', 'the body is empty; expected JSON')
  try {
    return accepted(JSON.parse(text) as unknown)
  } catch (error) {
    return rejected('malformed_json', `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A value held against a schema; every error with its JSON Pointer. */
export function validate<S extends v.GenericSchema>(schema: S, value: unknown): Result<v.InferOutput<S>> {
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return accepted(parsed.output)
  const issues = issuesOf(parsed.issues)
  return rejected('invalid_input', describeIssues(issues), issues)
}

type JsonInput<S extends v.GenericSchema> = { in: { json: v.InferInput<S> }; out: { json: v.InferOutput<S> } }

/** Validates a JSON body and tells OpenAPI of it. Errors: 400, 413, 415, 422. */
export const jsonBody = <S extends v.GenericSchema>(schema: S): MiddlewareHandler<AppEnv, string, JsonInput<S>> =>
  bodyOf(schema, ['application/json'], parseJson)

/** As `jsonBody`; the same value may also come as plain text, which `parseText` reads. */
export const jsonOrTextBody = <S extends v.GenericSchema>(
  schema: S,
  parseText: (text: string) => Result<unknown>,
): MiddlewareHandler<AppEnv, string, JsonInput<S>> =>
  bodyOf(schema, ['application/json', 'text/plain'], (text, type) =>
    type === 'text/plain' ? parseText(text) : parseJson(text),
  )

function bodyOf<S extends v.GenericSchema>(
  schema: S,
  types: readonly string[],
  parse: (text: string, type: string) => Result<unknown>,
): MiddlewareHandler<AppEnv, string, JsonInput<S>> {
  const middleware: MiddlewareHandler<AppEnv, string, JsonInput<S>> = async (c, next) => {
    const body = await readText(c, types)
    if (!body.ok) return refuse(c, body)
    const input = parse(body.value.text, body.value.type)
    if (!input.ok) return refuse(c, input)
    const value = validate(schema, input.value)
    if (!value.ok) return refuse(c, value)
    c.req.addValidatedData('json', value.value as object)
    return next()
  }
  // What hono-openapi's own validator carries; its errors and its reading of bodies are not ours.
  return Object.assign(middleware, { [uniqueSymbol]: { target: 'json', ...resolver(schema) } })
}
