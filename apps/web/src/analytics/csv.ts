export type CsvCell = string | number | null

/**
 * RFC 4180; what is not known is empty. A text that a spreadsheet would take for a formula is kept from it by an apostrophe:
 * labels and names of agents come from anybody.
 */
export const csvText = (columns: readonly string[], rows: readonly (readonly CsvCell[])[]): string =>
  [columns, ...rows].map((row) => row.map(cellText).join(',')).join('\r\n') + '\r\n'

function cellText(cell: CsvCell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
