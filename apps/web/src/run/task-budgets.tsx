import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import { BUDGET_NAMES, WORKED_TEXT, bareAmount } from '../format/amounts.ts'
import { Section } from '../parts/page.tsx'
import { TableGap } from '../parts/table-gap.tsx'
import { bySpend } from './by-spend.ts'
import { GAUGED, GaugeBar, limitOf } from './budget-gauge.tsx'
import type { TaskLine } from './task-lines.ts'

const ROW_PX = 52

export type TaskBudgetsProps = Readonly<{ runId: string; tasks: readonly TaskLine[] }>

/** What each task has spent and holds of its own limits, those that have spent most first. */
export function TaskBudgets({ runId, tasks }: TaskBudgetsProps) {
  const place = useRef<HTMLDivElement>(null)
  const sorted = useMemo(() => bySpend(tasks), [tasks])
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  })
  if (sorted.length === 0) return null
  const rows = virtual.getVirtualItems()
  return (
    <Section
      title="Budget by task"
      aside={<span className="text-small text-muted">spent, held and limit</span>}
      lead={`A task without a limit of its own is held by its run's budget and the month's alone. ${WORKED_TEXT}`}
    >
      <div ref={place} className="max-h-[480px] overflow-auto" tabIndex={0} role="group" aria-label="Budget by task">
        <table className="w-full min-w-[520px] table-fixed border-collapse" aria-rowcount={sorted.length + 1}>
          <Head />
          <tbody>
            <TableGap columns={5} px={rows[0]?.start ?? 0} />
            {rows.map(({ index }) => {
              const task = sorted[index]
              return task === undefined ? null : <Row key={task.key} runId={runId} task={task} index={index} />
            })}
            <TableGap columns={5} px={virtual.getTotalSize() - (rows.at(-1)?.end ?? 0)} />
          </tbody>
        </table>
      </div>
    </Section>
  )
}

const Head = () => (
  <thead className="sticky top-0 z-10 bg-surface text-small text-muted shadow-[inset_0_-1px_0_var(--line)]">
    <tr>
      <th scope="col" className="px-3 py-1.5">
        Task
      </th>
      {GAUGED.map((dimension) => (
        <th key={dimension} scope="col" className="w-[17%] px-2 text-end last:pe-3">
          {BUDGET_NAMES.worked[dimension]}
        </th>
      ))}
    </tr>
  </thead>
)

type RowProps = Readonly<{ runId: string; task: TaskLine; index: number }>

const Row = ({ runId, task, index }: RowProps) => (
  <tr className="h-[52px] border-b border-line last:border-b-0" aria-rowindex={index + 2}>
    <td className="px-3">
      <Link
        to="/runs/$runId/tasks/$taskKey"
        params={{ runId, taskKey: task.key }}
        className="block truncate text-accent underline"
      >
        {task.title}
      </Link>
      <span className="block truncate text-small text-muted">
        {GAUGED.some((dimension) => limitOf(task.budget, dimension) !== null) ? task.key : 'no limit of its own'}
      </span>
    </td>
    {GAUGED.map((dimension) => (
      <td key={dimension} className="numeric px-2 text-end last:pe-3">
        <span className="block">{bareAmount(dimension, task.budget.spent[dimension])}</span>
        <span className="block truncate text-small text-muted">{besidesText(task, dimension)}</span>
        <GaugeBar budget={task.budget} dimension={dimension} />
      </td>
    ))}
  </tr>
)

/** `of 5,000, 100 held`. */
function besidesText({ budget }: TaskLine, dimension: (typeof GAUGED)[number]): string {
  const [limit, held] = [limitOf(budget, dimension), budget.reserved[dimension]]
  const of = limit === null ? [] : [`of ${bareAmount(dimension, limit)}`]
  return [...of, ...(held > 0 ? [`${bareAmount(dimension, held)} held`] : [])].join(', ')
}
