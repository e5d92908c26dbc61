import { PAGE_DEFAULT, PAGE_MAX, isText } from '@flotilla/domain'
import { resolver, uniqueSymbol } from 'hono-openapi'
import type { MiddlewareHandler } from 'hono'
import * as v from 'valibot'
import { validate } from './body.ts'
import type { AppEnv } from './context.ts'
import { refuse } from './errors.ts'

type QueryInput<S extends v.GenericSchema> = {
  in: { query: v.InferInput<S> }
  out: { query: v.InferOutput<S> }
}

/** Validates the query, unknown parameters included, and tells OpenAPI of it. Paths are `/name`. Errors: 422. */
export function query<S extends v.GenericSchema>(schema: S): MiddlewareHandler<AppEnv, string, QueryInput<S>> {
  const middleware: MiddlewareHandler<AppEnv, string, QueryInput<S>> = async (c, next) => {
    const given = Object.entries(c.req.queries()).map(([name, values]) => [
      name,
      values.length === 1 ? values[0] : values,
    ])
    const value = validate(schema, Object.fromEntries(given))
    if (!value.ok) return refuse(c, value)
    c.req.addValidatedData('query', value.value as object)
    return next()
  }
  return Object.assign(middleware, { [uniqueSymbol]: { target: 'query', ...resolver(schema) } })
}

const wholeNumber = (least: number, most: number) =>
  v.pipe(
    v.string(`expected one whole number from ${least} to ${most}`),
    v.check(
      (text) => /^\d{1,16}$/.test(text) && Number(text) >= least && Number(text) <= most,
      (issue) => `expected a whole number from ${least} to ${most}, found "${issue.input.slice(0, 40)}"`,
    ),
    v.transform(Number),
    v.metadata({ type: 'integer', minimum: least, maximum: most }),
  )

const SEQ_MAX = 2_147_483_647

/** Of a page; `PAGE_DEFAULT` where it is left out. */
export const LimitSchema = v.optional(v.pipe(wholeNumber(1, PAGE_MAX), v.metadata({ default: PAGE_DEFAULT })))
export const TOP_DEFAULT = 5
/** How many have a series of their own; `TOP_DEFAULT` where it is left out. */
export const TopSchema = v.optional(v.pipe(wholeNumber(1, 20), v.metadata({ default: TOP_DEFAULT })))
export const SeqSchema = wholeNumber(0, SEQ_MAX)
export const VersionSchema = wholeNumber(1, SEQ_MAX)

const CURSOR = /^[A-Za-z0-9_-]{1,1000}$/
const notACursor = 'expected the nextCursor of the page before'

/** Opaque to clients: what the next page starts after. */
export const cursorOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A cursor that holds a value of this schema. */
export const cursorSchema = <T>(held: v.GenericSchema<T>) =>
  v.pipe(
    v.string(notACursor),
    v.regex(CURSOR, notACursor),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = v.safeParse(held, decoded(dataset.value))
      if (value.success) return value.output
      addIssue({ message: notACursor })
      return NEVER
    }),
  )

function decoded(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}

/** Position in a list by a number. */
export const NumberCursorSchema = cursorSchema(v.pipe(v.number(), v.safeInteger(), v.minValue(0)))

export const one = v.string('expected the parameter once')

/** Text that the record could hold. */
export const plainText = (message: string) => v.pipe(v.string(message), v.check(isText, message))

const notATime = 'expected a time such as 2026-01-31T12:00:00Z, or a date such as 2026-01-31'
export const TimeSchema = v.pipe(
  one,
  v.regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/, notATime),
  v.transform((text) => new Date(text)),
  v.check((date) => !Number.isNaN(date.getTime()), notATime),
)
