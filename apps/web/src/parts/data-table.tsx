import { Fragment, type ReactNode } from 'react'
import { useNarrow } from '../state/room.ts'

export type Column<Row> = Readonly<{
  title: string
  cell: (row: Row) => ReactNode
  number?: boolean
  /** Where there is no room it stands on a line of its own, with its title. */
  wide?: boolean
}>

export type DataTableProps<Row> = Readonly<{
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
}>

const look = ({ number = false }: Readonly<{ number?: boolean }>): string =>
  `px-2 py-1 align-top first:ps-3 last:pe-3 sm:px-3 ${number ? 'numeric text-end' : ''}`

/** A small table: all of its rows are there. */
export function DataTable<Row>({ label, columns, rows, keyOf }: DataTableProps<Row>) {
  const narrow = useNarrow('md')
  const beside = narrow ? columns.filter(({ wide = false }) => !wide) : columns
  const beneath = narrow ? columns.filter(({ wide = false }) => wide) : []
  return (
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={label}>
      <table className="w-full border-collapse">
        <thead className="border-b border-line text-small text-muted">
          <tr>
            {beside.map((column) => (
              <th key={column.title} scope="col" className={`${look(column)} whitespace-normal!`}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Fragment key={keyOf(row)}>
              <tr className={beneath.length > 0 ? '' : 'border-b border-line last:border-b-0'}>
                {beside.map((column) => (
                  <td key={column.title} className={look(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
              {beneath.length > 0 && <Beneath row={row} columns={beneath} span={beside.length} />}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  )
}

type BeneathProps<Row> = Readonly<{ row: Row; columns: readonly Column<Row>[]; span: number }>

/** What has no room beside the rest of its row. */
function Beneath<Row>({ row, columns, span }: BeneathProps<Row>) {
  const facts = columns
    .map(({ title, cell }) => ({ title, told: cell(row) }))
    .filter(({ told }) => told !== null && told !== undefined && told !== '')
  return (
    <tr className="border-b border-line last:border-b-0">
      <td colSpan={span} className="px-3 pb-1.5 text-small">
        <dl className="flex flex-wrap gap-x-4">
          {facts.map(({ title, told }) => (
            <div key={title}>
              <dt className="me-1.5 inline text-muted">{title}</dt>
              <dd className="inline [overflow-wrap:anywhere] *:inline-block">{told}</dd>
            </div>
          ))}
        </dl>
      </td>
    </tr>
  )
}
