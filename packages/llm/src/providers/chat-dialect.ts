/**
 * What a server with an OpenAI-compatible API understands. Servers differ, tell nothing of it beforehand, and answer a
 * field they do not know with 400: the provider starts with everything and learns.
 */
export type ChatDialect = {
  lengthField: 'max_tokens' | 'max_completion_tokens'
  format: 'json_schema' | 'json_object' | 'words'
  usageInStream: boolean
  temperature: boolean
  /** `reasoning_effort`. */
  effort: boolean
  /** `prompt_cache_key`. */
  cacheKey: boolean
  /** `parallel_tool_calls`. */
  parallel: boolean
}

export const FULL_DIALECT: ChatDialect = {
  lengthField: 'max_tokens',
  format: 'json_schema',
  usageInStream: true,
  temperature: true,
  effort: true,
  cacheKey: true,
  parallel: true,
}

/** The dialect without what a refused request's error message points at; undefined when it points at nothing here. */
export function simplerDialect(dialect: ChatDialect, status: number, message: string): ChatDialect | undefined {
  if (status !== 400 && status !== 422 && status !== 501) return undefined
  if (/response_format|json_schema|json_object|guided|grammar/i.test(message) && dialect.format !== 'words') {
    return { ...dialect, format: dialect.format === 'json_schema' ? 'json_object' : 'words' }
  }
  if (/stream_options|include_usage/i.test(message) && dialect.usageInStream)
    return { ...dialect, usageInStream: false }
  if (/max_completion_tokens/.test(message) && dialect.lengthField === 'max_tokens') {
    return { ...dialect, lengthField: 'max_completion_tokens' }
  }
  return withoutField(dialect, message)
}

function withoutField(dialect: ChatDialect, message: string): ChatDialect | undefined {
  if (/reasoning_effort|reasoning effort|does not support thinking/i.test(message) && dialect.effort)
    return { ...dialect, effort: false }
  if (/prompt_cache_key/.test(message) && dialect.cacheKey) return { ...dialect, cacheKey: false }
  if (/parallel_tool_calls/.test(message) && dialect.parallel) return { ...dialect, parallel: false }
  if (/temperature/i.test(message) && dialect.temperature) return { ...dialect, temperature: false }
  return undefined
}
