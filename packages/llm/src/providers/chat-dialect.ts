/**
 * What a server with an OpenAI-compatible API understands. Servers differ, tell nothing of it beforehand, and answer a
 * field they do not know with 400: the provider starts with everything and learns.
 */
export type ChatDialect = {
  lengthField: 'max_tokens' | 'max_completion_tokens'
  format: 'json_schema' | 'json_object' | 'words'
  usageInStream: boolean
  temperature: boolean
}

export const FULL_DIALECT: ChatDialect = {
  lengthField: 'max_tokens',
  format: 'json_schema',
  usageInStream: true,
  temperature: true,
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
  if (/temperature/i.test(message) && dialect.temperature) return { ...dialect, temperature: false }
  return undefined
}
