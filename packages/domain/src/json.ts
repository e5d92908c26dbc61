import * as v from 'valibot'

/** Plain JSON, the only thing that is ever stored or sent. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** Deeper values are refused: whatever walks them later may do so by recursion. */
export const JSON_MAX_DEPTH = 100

/** What is wrong inside a value, and where; `path` holds keys and indices from its root. */
export type ValueFlaw = Readonly<{ path: readonly (string | number)[]; message: string }>

/** Text that the record can hold: a Postgres text has no NUL, a UTF-8 text no lone surrogate. */
export const isText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed()

type Step = Readonly<{ value: unknown; key: string | number; parent: Step | null; depth: number }>

const pathOf = (step: Step): (string | number)[] => {
  const path: (string | number)[] = []
  for (let at = step; at.parent !== null; at = at.parent) path.unshift(at.key)
  return path
}

function flawOf(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return isText(value) ? null : 'the text holds NUL characters or broken Unicode'
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'expected a finite number'
  if (typeof value === 'boolean' || value === null) return null
  if (typeof value !== 'object') return `expected a JSON value, found ${typeof value}`
  if (depth >= JSON_MAX_DEPTH) return `nested deeper than ${JSON_MAX_DEPTH} levels`
  const prototype: unknown = Object.getPrototypeOf(value)
  const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null
  return plain ? null : 'expected a plain object'
}

/**
 * The first thing in a value that is not JSON as the record holds it, or null. Without recursion and linear in the value's
 * size: a schema that recurses through a union overflows the stack on deep input and takes exponential time on a bad one.
 * A property that is undefined counts as absent.
 */
export function valueFlaw(root: unknown): ValueFlaw | null {
  const stack: Step[] = [{ value: root, key: '', parent: null, depth: 0 }]
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const { value, depth } = step
    if (value === undefined && typeof step.key === 'string' && step.parent !== null) continue
    const message = flawOf(value, depth)
    if (message !== null) return { path: pathOf(step), message }
    if (typeof value !== 'object' || value === null) continue
    const entries = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value)
    for (const [key, item] of entries.toReversed()) {
      const child = { value: item as unknown, key, parent: step, depth: depth + 1 }
      if (typeof key === 'string' && !isText(key))
        return { path: pathOf(child), message: 'the name holds NUL characters or broken Unicode' }
      stack.push(child)
    }
  }
  return null
}

/** Refuses what the record cannot hold anywhere in a value: NUL characters, broken Unicode, excessive depth, what is no JSON. */
export const storable = <T>(): v.RawCheckAction<T> =>
  v.rawCheck<T>(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.issues) return
    const flaw = valueFlaw(dataset.value)
    if (flaw === null) return
    const [first, ...rest] = flaw.path.map((key) => ({
      type: 'unknown' as const,
      origin: 'value' as const,
      input: null,
      key,
      value: null,
    }))
    addIssue(first === undefined ? { message: flaw.message } : { message: flaw.message, path: [first, ...rest] })
  })

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

export const JsonSchema: v.GenericSchema<Json> = v.pipe(
  v.custom<Json>((value) => value !== undefined, 'expected a JSON value'),
  storable(),
)

/** Keeps every key; `v.record` silently drops `constructor` and the like. */
export const JsonObjectSchema: v.GenericSchema<JsonObject> = v.pipe(
  v.custom<JsonObject>(isObject, 'expected a JSON object'),
  storable(),
  v.metadata({ type: 'object', additionalProperties: true }),
)
