import { NO_SUMS, type RunGroup, type RunSeries, type RunStats, type RunSums } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { firstIdAfter } from '../runs/list.ts'
import { cellsOf, countsTwice, ofSpan, SUMS, type RunSpan } from './run-cells.ts'

export type RunStatsQuery = RunSpan &
  Readonly<{
    by: RunGroup
    limit: number
    /** Has series by day, of so many keys. */
    split: Readonly<{ by: Exclude<RunGroup, 'day'>; top: number }> | null
  }>

type Row = Readonly<{ key: string | null; whole: boolean }> & RunSums
type Tail = Readonly<{ quality: readonly number[]; errors: RunStats['errors'] }>
type Group = RunStats['items'][number]

/** Counts a workspace's runs by when they were created: a few walks over those of that time. */
export async function readRunStats(tx: Tx, query: RunStatsQuery): Promise<RunStats> {
  const { from, to, by, split, limit } = query
  const least = await firstIdAfter(tx, from)
  const { items, total } = await readGroups(tx, query, least, by)
  const whole = countsTwice(by) ? (await readGroups(tx, query, least, 'status')).total : total
  const tail = await readTail(tx, query, least)
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    by,
    total: whole,
    items: by === 'day' ? items.slice(-limit) : items.slice(0, limit),
    quality: [...tail.quality],
    errors: tail.errors,
    series: split === null ? [] : await readSeries(tx, query, least, split),
  }
}

/** Of days in order, else the most frequent first. */
async function readGroups(
  tx: Tx,
  span: RunSpan,
  least: number,
  by: RunGroup,
): Promise<{ items: Group[]; total: RunSums }> {
  const { rows } = await sql<Row>`
    select key, grouping(key) = 1 as whole, ${SUMS} from (${cellsOf(span, least, by)}) one group by grouping sets ((key), ())`.execute(
    tx,
  )
  const items = rows
    .filter(({ whole }) => !whole)
    .map(({ whole: _whole, ...item }) => item)
    .toSorted((a, b) => {
      const byKey = (a.key ?? '').localeCompare(b.key ?? '')
      return by === 'day' ? byKey : b.runs - a.runs || byKey
    })
  const total = rows.find(({ whole }) => whole)
  return { items, total: total === undefined ? NO_SUMS : sumsOf(total) }
}

function sumsOf({ key: _key, whole: _whole, ...sums }: Row): RunSums {
  return sums
}

type Cell = Readonly<{ place: number; day: string | null; whole: boolean }> & RunSums

async function readSeries(
  tx: Tx,
  span: RunSpan,
  least: number,
  { by, top }: NonNullable<RunStatsQuery['split']>,
): Promise<RunSeries[]> {
  const { items } = await readGroups(tx, span, least, by)
  const keys = items.slice(0, top).map(({ key }) => key)
  const { rows } = await sql<Cell>`
    select place, day, grouping(day) = 1 as whole, ${SUMS}
    from (select coalesce(array_position(${keys}::text[], key), ${keys.length + 1}::int) as place, c.* from (${cellsOf(span, least, by)}) c) one
    group by grouping sets ((place, day), (place)) order by place, day`.execute(tx)
  return Array.from({ length: keys.length + 1 }, (_, i) => seriesOf(rows, keys, i)).filter(
    ({ items: days }) => days.length > 0,
  )
}

function seriesOf(rows: readonly Cell[], keys: readonly (string | null)[], i: number): RunSeries {
  const own = rows.filter(({ place }) => place === i + 1)
  const days = own.flatMap(({ place: _place, whole, day, ...sums }) =>
    whole || day === null ? [] : [{ day, ...sums }],
  )
  const total = own.find(({ whole }) => whole)
  return {
    key: keys[i] ?? null,
    rest: i === keys.length,
    total: total === undefined ? NO_SUMS : totalOf(total),
    items: days,
  }
}

function totalOf({ place: _place, whole: _whole, day: _day, ...sums }: Cell): RunSums {
  return sums
}

async function readTail(tx: Tx, span: RunSpan, least: number): Promise<Tail> {
  const { rows } = await sql<Tail>`
    with one as (
      select case when s.quality is not null then least(10, 1 + floor((s.quality ->> 'score')::float8 * 10)::int) end as bucket, s.error ->> 'code' as code
      from ${ofSpan(span, least)})
    select
      (select json_agg((select count(*) from one where bucket = b) order by b) from generate_series(1, 10) b) as quality,
      coalesce((select json_agg(json_build_object('code', code, 'runs', n) order by n desc, code) from (
        select code, count(*) as n from one where code is not null group by code) e), '[]') as errors`.execute(tx)
  return rows[0] ?? { quality: [], errors: [] }
}
