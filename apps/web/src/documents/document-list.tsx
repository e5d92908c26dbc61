import type { DocumentView } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { bytes, count, plural } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { useDocuments } from './sources.ts'

/** What a run was given to read; each opens. */
export function DocumentList({ runId }: Readonly<{ runId: string }>) {
  const { data, error } = useDocuments(runId)
  if (error !== null) return <Problem error={error} what="The documents could not be read." />
  if (data === undefined) return <Loading what="the documents" />
  if (data.items.length === 0)
    return (
      <Empty title="This run has no documents.">
        Those that a{' '}
        <Link to="/new" className="text-accent underline">
          new run
        </Link>{' '}
        is given are listed here.
      </Empty>
    )
  return (
    <Section title="Documents">
      <DataTable
        label="Documents"
        rows={data.items}
        keyOf={({ name }) => name}
        columns={[
          {
            title: 'Name',
            cell: ({ name }) => (
              <Link
                to="/runs/$runId/documents"
                params={{ runId }}
                search={{ name }}
                className="text-accent underline [overflow-wrap:anywhere]"
              >
                {name}
              </Link>
            ),
          },
          { title: 'Type', cell: typeText, wide: true },
          { title: 'Length', number: true, cell: lengthText },
          { title: 'Size', number: true, cell: ({ sizeBytes }) => bytes(sizeBytes) },
        ]}
      />
    </Section>
  )
}

export const typeText = ({ mediaType }: DocumentView): string => mediaType ?? 'text'

export function lengthText({ lines, pages }: DocumentView): string {
  if (lines !== null) return lines === 1 ? '1 line' : `${count(lines)} lines`
  return pages === null ? '' : plural(pages, 'page')
}
