import { cut, fit, oneLine, widthOf } from './live/terminal-text.ts'

export type Column = Readonly<{ head: string; align?: 'left' | 'right'; max?: number }>

/** Rows of text beneath their heads, each column as wide as it must be. No text can drive the terminal. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => row.map(oneLine))]
  const widths = columns.map(({ max = 60 }, i) => Math.min(max, Math.max(...cells.map((row) => widthOf(row[i] ?? '')))))
  return cells
    .map((row) =>
      columns
        .map(({ align = 'left' }, i) => {
          const last = i === columns.length - 1 && align === 'left'
          const width = widths[i] ?? 0
          return last ? cut(row[i] ?? '', width) : fit(row[i] ?? '', width, align)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
