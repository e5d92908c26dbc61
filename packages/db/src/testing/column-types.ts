import type { Json } from '@flotilla/domain'
import type { SelectType } from 'kysely'
import type { Database } from '../schema.ts'

/** What a column of a TypeScript type may be in Postgres; "?" where it may be null. */
type PgType<T> = Json extends T ? 'jsonb' | 'jsonb?' : null extends T ? `${PgBase<NonNullable<T>>}?` : PgBase<T>
type PgBase<T> = [T] extends [number]
  ? 'int8' | 'int4' | 'int2' | 'numeric' | 'float8'
  : [T] extends [string]
    ? 'text' | 'tsvector?' // a generated column is nullable to the catalogue
    : [T] extends [boolean]
      ? 'bool'
      : [T] extends [Date]
        ? 'timestamptz' | 'date'
        : [T] extends [Buffer]
          ? 'bytea'
          : [T] extends [number[]]
            ? '_int4'
            : [T] extends [string[]]
              ? '_int8' | 'jsonb' // node-postgres reads arrays of int8 as text
              : 'jsonb'

/** The Postgres type of each column of each table. */
export type Columns = {
  readonly [Table in keyof Database]: {
    readonly [Column in keyof Database[Table]]: PgType<SelectType<Database[Table][Column]>>
  }
}
