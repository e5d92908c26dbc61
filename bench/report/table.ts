import { spreadOf, type Spread } from './statistics.ts'

export type Column = Readonly<{ key: string; title: string }>
/** One repetition's values of one subject, by the keys of the columns. */
export type Measurement = Readonly<{ subject: readonly string[]; values: Readonly<Record<string, number>> }>
export type Row = Readonly<{ subject: readonly string[]; values: Readonly<Record<string, Spread>> }>

/** The repetitions of each subject together, in the order in which the subjects came. */
export function rowsOf(measurements: readonly Measurement[]): Row[] {
  const groups = Map.groupBy(measurements, ({ subject }) => subject.join('\n'))
  return [...groups.values()].map((group) => {
    const keys = new Set(group.flatMap(({ values }) => Object.keys(values)))
    const spread = (key: string): Spread => spreadOf(group.flatMap(({ values }) => values[key] ?? []))
    return {
      subject: group[0]?.subject ?? [],
      values: Object.fromEntries([...keys].map((key) => [key, spread(key)])),
    }
  })
}

/** A Markdown table that is also aligned for a terminal. */
export function renderTable(subject: readonly string[], columns: readonly Column[], rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    ...row.subject,
    ...columns.map(({ key }) => {
      const spread = row.values[key]
      return spread === undefined ? '-' : formatSpread(spread)
    }),
  ])
  const head = [...subject, ...columns.map(({ title }) => title)]
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i < subject.length ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i < subject.length ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...cells.map(line)].join('\n')
}

/** The median, and between which values it lies; one repetition has no between. */
export function formatSpread({ median, min, max, n }: Spread): string {
  if (n === 1) return formatNumber(median)
  return `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`
}

/** A count as it is; else three figures, and no more than three places: more is noise. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en')
  const size = Math.abs(value)
  if (size >= 99.95) return Math.round(value).toLocaleString('en')
  if (size >= 9.995) return value.toFixed(1)
  return value.toFixed(size >= 0.9995 ? 2 : 3)
}
