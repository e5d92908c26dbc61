import type { Usage } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'

/** What a run has used, as the row that goes by this alias counts it. */
export const usageOfRun = (alias: string): RawBuilder<Usage> => {
  const column = (name: string) => sql.ref(`${alias}.${name}`)
  return sql<Usage>`jsonb_build_object('inputTokens', ${column('input_tokens')}, 'cachedInputTokens', ${column('cached_input_tokens')},
    'cacheWriteTokens', ${column('cache_write_tokens')}, 'outputTokens', ${column('output_tokens')},
    'reasoningTokens', ${column('reasoning_tokens')}, 'toolCalls', ${column('tool_calls')}, 'modelCalls', ${column('model_calls')},
    'costUsd', ${column('cost_usd')})`
}
