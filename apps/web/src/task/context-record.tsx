import type { Json } from '@flotilla/domain'
import { count, tokens } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'
import { readContext } from './record-shapes.ts'

/** What the last attempt's prompt was put together from, what was cut, and why. */
export function ContextRecord({ context }: Readonly<{ context: Json | null }>) {
  const read = readContext(context)
  if (read === null) return null
  return (
    <Section
      title="Context"
      aside={
        <span className="text-small text-muted">
          {tokens(read.tokens)} of {count(read.tokenBudget)}
        </span>
      }
    >
      <DataTable
        label="Context"
        rows={read.sections}
        keyOf={({ name }) => name}
        columns={[
          { title: 'Part', cell: ({ name, included }) => (included ? name : <s className="text-muted">{name}</s>) },
          { title: 'Why', cell: ({ why }) => <span className="text-muted">{why}</span> },
          { title: 'Tokens', number: true, cell: (section) => count(section.tokens) },
          { title: 'Cut', number: true, cell: ({ cutTokens }) => (cutTokens === 0 ? '' : count(cutTokens)) },
        ]}
      />
    </Section>
  )
}
