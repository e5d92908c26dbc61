import { buttonClass } from '../parts/button.tsx'
import { csvText, type CsvCell } from './csv.ts'

export type CsvLinkProps = Readonly<{
  /** What is in the file, for those who hear the link. */
  what: string
  file: string
  columns: readonly string[]
  rows: readonly (readonly CsvCell[])[]
}>

/** What is shown beside it, as a file. */
export const CsvLink = ({ what, file, columns, rows }: CsvLinkProps) => (
  <a
    className={buttonClass()}
    href={`data:text/csv;charset=utf-8,${encodeURIComponent(csvText(columns, rows))}`}
    download={file}
    aria-label={`CSV: ${what}`}
  >
    CSV
  </a>
)
