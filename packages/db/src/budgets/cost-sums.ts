import type { CostKinds, CostSplit, TokenKinds } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'

const TOKENS: readonly (keyof TokenKinds)[] = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
]
const PARTS: readonly (keyof CostKinds)[] = [
  'inputUsd',
  'cachedInputUsd',
  'cacheWriteUsd',
  'outputUsd',
  'reasoningUsd',
  'totalUsd',
]
const sums = (column: string, keys: readonly string[]): string =>
  `jsonb_build_object(${keys.map((key) => `'${key}', coalesce(sum((l.${column} ->> '${key}')::numeric), 0)`).join(', ')})`

/** Columns of a `CostSplit` over rows of the ledger that go by the alias l. */
export const splitColumns: RawBuilder<unknown> = sql.raw(
  `count(*)::int as calls, (count(*) filter (where l.estimated))::int as "estimatedCalls", ${sums('usage', TOKENS)} as tokens,
  ${sums('parts', PARTS)} as cost, coalesce(sum((l.parts ->> 'totalUsd')::numeric) filter (where l.estimated), 0)::float8 as "estimatedUsd"`,
)

const exact = (value: number): number => Math.round(value * 1e10) / 1e10

/** Sums kept to a ten-billionth of a dollar. */
export function sumOf(rows: readonly CostSplit[]): CostSplit {
  const total = <K extends string>(keys: readonly K[], of: (row: CostSplit) => Readonly<Record<K, number>>) =>
    Object.fromEntries(keys.map((key) => [key, exact(rows.reduce((sum, row) => sum + of(row)[key], 0))])) as Record<
      K,
      number
    >
  return {
    calls: rows.reduce((sum, { calls }) => sum + calls, 0),
    estimatedCalls: rows.reduce((sum, { estimatedCalls }) => sum + estimatedCalls, 0),
    tokens: total(TOKENS, (row) => row.tokens),
    cost: total(PARTS, (row) => row.cost),
    estimatedUsd: exact(rows.reduce((sum, { estimatedUsd }) => sum + estimatedUsd, 0)),
  }
}

export const restOf = (rows: readonly CostSplit[], limit: number): CostSplit => sumOf(rows.slice(limit))
