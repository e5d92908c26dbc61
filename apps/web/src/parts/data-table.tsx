import type { ReactNode } from 'react'

export type Column<Row> = Readonly<{
  title: string
  cell: (row: Row) => ReactNode
  number?: boolean
  /** Left out where there is no room. */
  wide?: boolean
}>

export type DataTableProps<Row> = Readonly<{
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
}>

const look = ({ number = false, wide = false }: Readonly<{ number?: boolean; wide?: boolean }>): string =>
  `px-2 py-1 align-top first:ps-3 last:pe-3 sm:px-3 ${number ? 'numeric text-end' : ''} ${wide ? 'max-md:hidden' : ''}`

/** A small table: all of its rows are there. */
export const DataTable = <Row,>({ label, columns, rows, keyOf }: DataTableProps<Row>) => (
  <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={label}>
    <table className="w-full border-collapse">
      <thead className="border-b border-line text-small text-muted">
        <tr>
          {columns.map((column) => (
            <th key={column.title} scope="col" className={`${look(column)} whitespace-normal!`}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} className="border-b border-line last:border-b-0">
            {columns.map((column) => (
              <td key={column.title} className={look(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
