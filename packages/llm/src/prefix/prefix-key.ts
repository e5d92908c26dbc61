import { createHash } from 'node:crypto'
import type { ModelRequest, UserPart } from '../port.ts'

/** The least that providers cache, about; shorter prefixes are not worth a wait. */
const LEAST_CHARS = 4000

/**
 * Names what a request has in common with others: its model, tools, system prompt and messages up to the last part that
 * ends a prefix. Undefined without such a part, or where the prefix is too short to be cached.
 */
export function prefixKey(request: ModelRequest): string | undefined {
  if (request.cacheKey === undefined) return undefined
  const parts: unknown[] = [request.model, request.cacheKey, request.tools ?? [], request.system]
  const shared = sharedParts(request)
  if (shared === undefined) return undefined
  const text = JSON.stringify([...parts, shared])
  return text.length < LEAST_CHARS ? undefined : createHash('sha256').update(text).digest('base64')
}

function sharedParts({ messages }: ModelRequest): UserPart[] | undefined {
  const [first] = messages
  if (first?.role !== 'user') return undefined
  const end = first.content.findLastIndex((part) => 'endsPrefix' in part && part.endsPrefix)
  return end < 0 ? undefined : first.content.slice(0, end + 1)
}
