import { ProblemSchema, STATUS_OF_CODE, type ProblemCode } from '@flotilla/domain'
import { describeRoute, resolver, type DescribeRouteOptions, type ResponsesWithResolver } from 'hono-openapi'
import type { MiddlewareHandler } from 'hono'
import type * as v from 'valibot'

export type Operation = Readonly<{
  id: string
  tag: string
  summary: string
  description?: string
  /** What success looks like, by status. */
  answers: Readonly<Record<number, Answer>>
  /** Beside `internal` and `unavailable`, which any call can meet. */
  refusals?: readonly ProblemCode[]
  requestBody?: DescribeRouteOptions['requestBody']
  parameters?: DescribeRouteOptions['parameters']
}>

export type Answer = Readonly<{
  description: string
  json?: v.GenericSchema
  /** Media types of other answers. */
  media?: readonly string[]
  headers?: Readonly<Record<string, string>>
}>

/** What OpenAPI says of a call beside its validators. */
export function operation(op: Operation): MiddlewareHandler {
  const refusals = op.refusals ?? []
  const problems = Map.groupBy<number, ProblemCode>(
    [...refusals, 'internal', 'unavailable'],
    (code) => STATUS_OF_CODE[code],
  )
  return describeRoute({
    operationId: op.id,
    tags: [op.tag],
    summary: op.summary,
    ...(op.description === undefined ? {} : { description: op.description }),
    ...(op.requestBody === undefined ? {} : { requestBody: op.requestBody }),
    ...(op.parameters === undefined ? {} : { parameters: op.parameters }),
    responses: {
      ...Object.fromEntries(Object.entries(op.answers).map(([status, answer]) => [status, answerSpec(answer)])),
      ...Object.fromEntries([...problems].map(([status, codes]) => [String(status), problemSpec(codes)])),
    },
  })
}

function answerSpec({ description, json, media = [], headers }: Answer): ResponsesWithResolver[string] {
  const content = {
    ...(json === undefined ? {} : { 'application/json': { schema: resolver(json) } }),
    ...Object.fromEntries(media.map((type) => [type, { schema: { type: 'string' as const } }])),
  }
  return {
    description,
    ...(headers === undefined ? {} : { headers: headerSpecs(headers) }),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  }
}

const headerSpecs = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' as const } }]),
  )

const problemSpec = (codes: readonly ProblemCode[]): ResponsesWithResolver[string] => ({
  description: [...new Set(codes)].join(', '),
  content: { 'application/problem+json': { schema: resolver(ProblemSchema) } },
})

export const headerParameter = (name: string, description: string) => ({
  in: 'header' as const,
  name,
  description,
  schema: { type: 'string' as const },
})

export const IDEMPOTENCY_KEY = headerParameter(
  'Idempotency-Key',
  'The same key and body answer the first response again',
)

/** The codes that reading a JSON body can end with. */
export const BODY_REFUSALS = [
  'malformed_json',
  'too_large',
  'unsupported_media_type',
  'invalid_input',
] as const satisfies readonly ProblemCode[]
