import type { TaskView } from '@flotilla/domain'
import { BUDGET_NAMES, WORKED_TEXT, amount } from '../format/amounts.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'
import { GAUGED, GaugeBar, limitOf } from '../run/budget-gauge.tsx'

/** What the task has spent and holds, beside its own limits where it has any. */
export function TaskBudget({ budget }: Pick<TaskView, 'budget'>) {
  const limited = GAUGED.some((dimension) => limitOf(budget, dimension) !== null)
  return (
    <Section
      title="Budget"
      aside={limited ? undefined : <span className="text-small text-muted">no limit of its own</span>}
      lead={limited ? WORKED_TEXT : `Only its run's budget and the month's hold it. ${WORKED_TEXT}`}
    >
      <DataTable
        label="Budget of the task"
        rows={GAUGED}
        keyOf={(dimension) => dimension}
        columns={[
          {
            title: 'What',
            cell: (dimension) => (
              <>
                {BUDGET_NAMES.worked[dimension]}
                <GaugeBar budget={budget} dimension={dimension} />
              </>
            ),
          },
          { title: 'Spent', number: true, cell: (dimension) => amount(dimension, budget.spent[dimension]) },
          { title: 'Held', number: true, cell: (dimension) => amount(dimension, budget.reserved[dimension]) },
          {
            title: 'Limit',
            number: true,
            cell: (dimension) => {
              const limit = limitOf(budget, dimension)
              return limit === null ? <span className="text-muted">none</span> : amount(dimension, limit)
            },
          },
        ]}
      />
    </Section>
  )
}
