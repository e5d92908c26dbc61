import type { Json } from '@flotilla/domain'
import { jsonrepair } from 'jsonrepair'
import * as v from 'valibot'

/** A place in a value that does not fit; `path` such as `tasks.2.key`, empty for the value as a whole. */
export type StructuredIssue = { path: string; message: string }

export type StructuredResult<T> = { ok: true; value: T; repaired: boolean } | { ok: false; issues: StructuredIssue[] }

const FENCE = /^[^`{[]*```[a-z0-9_-]*[ \t]*\r?\n([\s\S]*?)\r?\n?```[^`]*$/i

/** The JSON inside a Markdown code fence, where the text is one fence with perhaps a sentence around it. */
export function stripFence(text: string): string {
  const trimmed = text.trim()
  return FENCE.exec(trimmed)?.[1]?.trim() ?? trimmed
}

export type JsonTextResult = { ok: true; value: Json; repaired: boolean } | { ok: false; message: string }

/**
 * The JSON value that a model wrote: as it is, out of a code fence, or after one repair (single quotes, trailing
 * commas, comments, missing brackets). A repair that yields no object or array is refused: repairing turns any prose
 * into a string.
 */
export function readJsonText(text: string): JsonTextResult {
  const bare = stripFence(text)
  if (bare === '') return { ok: false, message: 'expected JSON, found an empty text' }
  try {
    return { ok: true, value: JSON.parse(bare) as Json, repaired: false }
  } catch (error) {
    const value = repair(bare)
    if (value !== undefined) return { ok: true, value, repaired: true }
    return { ok: false, message: `expected JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function repair(text: string): Json | undefined {
  const start = text.search(/[{[]/)
  if (start < 0) return undefined
  try {
    const value = JSON.parse(jsonrepair(text.slice(start))) as Json
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Reads a model's text as a value of a schema; issues name the paths, worded to be shown to the model again. */
export function parseStructured<TSchema extends v.GenericSchema>(
  text: string,
  schema: TSchema,
): StructuredResult<v.InferOutput<TSchema>> {
  const json = readJsonText(text)
  if (!json.ok) return { ok: false, issues: [{ path: '', message: json.message }] }
  const parsed = v.safeParse(schema, json.value)
  if (parsed.success) return { ok: true, value: parsed.output, repaired: json.repaired }
  return {
    ok: false,
    issues: parsed.issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', message: issue.message })),
  }
}

export const formatIssues = (issues: readonly StructuredIssue[]): string =>
  issues.map((issue) => (issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`)).join('; ')
