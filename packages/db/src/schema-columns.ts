import type { ColumnType } from 'kysely'

export type Jsonb<T> = ColumnType<T, string, string>
export type NullableJsonb<T> = ColumnType<T | null, string | null, string | null>
export type Now = ColumnType<Date, never, never>
export type Time = ColumnType<Date | null, Date | string | null, Date | string | null>
/** numeric, read as a number: amounts stay far below 2^53 of their smallest unit that matters. */
export type Money = ColumnType<number, number | string | undefined, number | string>
