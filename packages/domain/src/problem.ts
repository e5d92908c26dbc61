import * as v from 'valibot'

export const PROBLEM_CODES = [
  'invalid_input',
  'unsupported',
  'malformed_json',
  'too_large',
  'unsupported_media_type',
  'not_found',
  'method_not_allowed',
  'conflict',
  'idempotency_mismatch',
  'unauthorized',
  'forbidden',
  'rate_limited',
  'unavailable',
  'internal',
] as const
export type ProblemCode = (typeof PROBLEM_CODES)[number]

export const STATUS_OF_CODE: Readonly<Record<ProblemCode, number>> = {
  invalid_input: 422,
  unsupported: 422,
  malformed_json: 400,
  too_large: 413,
  unsupported_media_type: 415,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  idempotency_mismatch: 409,
  unauthorized: 401,
  forbidden: 403,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
}

/** One thing wrong with an input: `path` is a JSON Pointer; `cycle` holds its keys in order, the first one again at the end. */
export const IssueSchema = v.pipe(
  v.object({ path: v.string(), message: v.string(), cycle: v.optional(v.array(v.string())) }),
  v.metadata({ ref: 'Issue' }),
)
export type Issue = v.InferOutput<typeof IssueSchema>

/** RFC 9457 `application/problem+json`. */
export const ProblemSchema = v.pipe(
  v.object({
    type: v.string(),
    title: v.string(),
    status: v.number(),
    detail: v.string(),
    code: v.picklist(PROBLEM_CODES),
    errors: v.optional(v.array(IssueSchema)),
    requestId: v.optional(v.string()),
  }),
  v.metadata({ ref: 'Problem' }),
)
export type Problem = v.InferOutput<typeof ProblemSchema>

/** A refusal as a value: what a use case answers when the input or the state forbids the call. */
export type Rejection = Readonly<{ ok: false; code: ProblemCode; detail: string; errors?: readonly Issue[] }>
export type Result<T> = Readonly<{ ok: true; value: T }> | Rejection

export const accepted = <T>(value: T): Result<T> => ({ ok: true, value })
export function rejected(code: ProblemCode, detail: string, errors?: readonly Issue[]): Rejection {
  return errors === undefined ? { ok: false, code, detail } : { ok: false, code, detail, errors }
}

/** JSON Pointer (RFC 6901) of a path. */
export const pointer = (path: readonly (string | number)[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

type PathItem = { readonly key?: unknown }
type Found = { message: string; type?: string; expected?: string | null; path?: readonly PathItem[] | undefined }

/** What valibot found, as issues with JSON Pointers. `base` is put before each path. */
export function issuesOf(found: readonly Found[], base: readonly (string | number)[] = []): Issue[] {
  return found.map((issue) => ({
    path: pointer([...base, ...(issue.path ?? []).map((item) => item.key as string | number)]),
    message: plainMessage(issue),
  }))
}

/** Valibot says of an unknown field "Expected never", and of a missing one "Expected "name" but received undefined". */
function plainMessage(issue: Found): string {
  if (!issue.message.startsWith('Invalid key:')) return issue.message
  const name = String(issue.path?.at(-1)?.key)
  return issue.expected === 'never' ? `unknown field "${name}"` : `"${name}" is missing`
}
