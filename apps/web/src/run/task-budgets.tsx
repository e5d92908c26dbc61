import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef } from 'react'
import { BUDGET_NAMES, WORKED_TEXT, columnAmount } from '../format/amounts.ts'
import { Section } from '../parts/page.tsx'
import { TableGap } from '../parts/table-gap.tsx'
import { useNarrow } from '../state/room.ts'
import { bySpend } from './by-spend.ts'
import { GAUGED, GaugeBar, limitOf } from './budget-gauge.tsx'
import type { TaskLine } from './task-lines.ts'

const ROW_PX = 52
/** Before it is measured: a title, its key, and two lines of amounts. */
const NARROW_ROW_PX = 132

export type TaskBudgetsProps = Readonly<{ runId: string; tasks: readonly TaskLine[] }>

/** What each task has spent and holds of its own limits, those that have spent most first. */
export function TaskBudgets({ runId, tasks }: TaskBudgetsProps) {
  const place = useRef<HTMLDivElement>(null)
  const sorted = useMemo(() => bySpend(tasks), [tasks])
  const narrow = useNarrow('md')
  const columns = narrow ? 1 : GAUGED.length + 1
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => place.current,
    estimateSize: () => (narrow ? NARROW_ROW_PX : ROW_PX),
    overscan: 10,
  })
  useEffect(() => virtual.measure(), [virtual, narrow])
  if (sorted.length === 0) return null
  const rows = virtual.getVirtualItems()
  return (
    <Section
      title="Budget by task"
      aside={<span className="text-small text-muted">spent, held and limit</span>}
      lead={`A task without a limit of its own is held by its run's budget and the month's alone. ${WORKED_TEXT}`}
    >
      <div ref={place} className="max-h-[480px] overflow-auto" tabIndex={0} role="group" aria-label="Budget by task">
        <table className="w-full table-fixed border-collapse" aria-rowcount={sorted.length + 1}>
          <Head narrow={narrow} />
          <tbody>
            <TableGap columns={columns} px={rows[0]?.start ?? 0} />
            {rows.map(({ index }) => {
              const task = sorted[index]
              return task === undefined ? null : (
                <tr
                  key={task.key}
                  ref={virtual.measureElement}
                  data-index={index}
                  aria-rowindex={index + 2}
                  className="h-[52px] border-b border-line last:border-b-0"
                >
                  {narrow ? <NarrowCell runId={runId} task={task} /> : <WideCells runId={runId} task={task} />}
                </tr>
              )
            })}
            <TableGap columns={columns} px={virtual.getTotalSize() - (rows.at(-1)?.end ?? 0)} />
          </tbody>
        </table>
      </div>
    </Section>
  )
}

const Head = ({ narrow }: Readonly<{ narrow: boolean }>) => (
  <thead className="sticky top-0 z-10 bg-surface text-small text-muted shadow-[inset_0_-1px_0_var(--line)]">
    <tr>
      <th scope="col" className="px-3 py-1.5">
        Task
      </th>
      {!narrow &&
        GAUGED.map((dimension) => (
          <th key={dimension} scope="col" className="w-[17%] px-2 text-end last:pe-3">
            {BUDGET_NAMES.worked[dimension]}
          </th>
        ))}
    </tr>
  </thead>
)

type CellsProps = Readonly<{ runId: string; task: TaskLine }>

const WideCells = ({ runId, task }: CellsProps) => (
  <>
    <td className="px-3">
      <Name runId={runId} task={task} />
    </td>
    {GAUGED.map((dimension) => (
      <td key={dimension} className="numeric px-2 text-end last:pe-3">
        <Amounts task={task} dimension={dimension} />
      </td>
    ))}
  </>
)

/** All amounts beneath the title, where there is no room for columns. */
const NarrowCell = ({ runId, task }: CellsProps) => (
  <td className="px-3 py-1.5">
    <Name runId={runId} task={task} />
    <dl className="grid grid-cols-2 gap-x-4 gap-y-1 text-small">
      {GAUGED.map((dimension) => (
        <div key={dimension} className="min-w-0">
          <dt className="me-1.5 inline text-muted">{BUDGET_NAMES.worked[dimension]}</dt>
          <dd className="numeric inline *:first:inline">
            <Amounts task={task} dimension={dimension} />
          </dd>
        </div>
      ))}
    </dl>
  </td>
)

const Name = ({ runId, task }: CellsProps) => (
  <>
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
  </>
)

const Amounts = ({ task, dimension }: Readonly<{ task: TaskLine; dimension: (typeof GAUGED)[number] }>) => (
  <>
    <span className="block">{columnAmount(dimension, task.budget.spent[dimension])}</span>
    <span className="block truncate text-small text-muted">{besidesText(task, dimension)}</span>
    <GaugeBar budget={task.budget} dimension={dimension} />
  </>
)

/** `of 5,000, 100 held`. */
function besidesText({ budget }: TaskLine, dimension: (typeof GAUGED)[number]): string {
  const [limit, held] = [limitOf(budget, dimension), budget.reserved[dimension]]
  const of = limit === null ? [] : [`of ${columnAmount(dimension, limit)}`]
  return [...of, ...(held > 0 ? [`${columnAmount(dimension, held)} held`] : [])].join(', ')
}
