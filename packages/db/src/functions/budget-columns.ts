/** What a budget limits: its columns in the record, its field in JSON. */
export const DIMENSIONS = [
  { column: 'tokens', field: 'tokens', type: 'bigint' },
  { column: 'cost_usd', field: 'costUsd', type: 'numeric(20, 10)' },
  { column: 'tool_calls', field: 'toolCalls', type: 'bigint' },
  { column: 'seconds', field: 'seconds', type: 'numeric(14, 3)' },
] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** The same for each dimension. */
export const each = (of: (dimension: Dimension) => string, glue = ',\n'): string => DIMENSIONS.map(of).join(glue)
/** Its amount in a JSON value; 0 where there is none. */
export const of = (json: string, { field, type }: Dimension): string => `coalesce((${json} ->> '${field}')::${type}, 0)`

/** Its limit in `limits`; null: without. */
export const to = ({ field, type }: Dimension): string => `(limits ->> '${field}')::${type}`

/** Of an array of accounts those that have any limit, in its order, as JSON; null where none has. For functions with a variable `many`. */
export const limitedAccounts = (accounts: string): string => `select json_agg(json_build_object('level', b.level,
    'limits', json_build_object(${each((d) => `'${d.field}', b.${d.column}_limit`, ', ')}),
    'reserved', json_build_object(${each((d) => `'${d.field}', b.${d.column}_reserved`, ', ')}),
    'settled', json_build_object(${each((d) => `'${d.field}', b.${d.column}_settled`, ', ')})) order by a.n)
  from (select * from unnest(${accounts}) with ordinality a(id, n) limit many) a join flotilla.budgets b on b.id = any (array[a.id])
  where coalesce(${each((d) => `b.${d.column}_limit`, ', ')}) is not null`
