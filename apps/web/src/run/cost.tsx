import type { CostSplit, EstimateCheck, RunView } from '@flotilla/domain'
import { isTerminalRun } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { amount } from '../format/amounts.ts'
import { count, usd } from '../format/quantities.ts'
import { DataTable, type Column } from '../parts/data-table.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { TaskBudgets } from './task-budgets.tsx'
import type { RunViewProps } from './run-page.tsx'
import { lookAgainMs } from './use-run.ts'

/** What the run's model calls have cost, each counted once in every table. */
export default function Cost({ live: { run, tasks } }: RunViewProps) {
  const { data, error } = useQuery({
    queryKey: ['run', run.id, 'cost'],
    queryFn: ({ signal }) => client.runs.cost(run.id, { signal }),
    refetchInterval: () => lookAgainMs(run, 3_000),
  })
  if (error !== null) return <Problem error={error} what="The cost could not be read." />
  if (data === undefined) return <Loading what="the cost" lines={5} />
  const all = { ...data.total, name: 'all of it' }
  return (
    <div className="flex flex-col gap-3">
      {data.estimate !== null && <Estimate run={run} estimate={data.estimate} />}
      <TaskBudgets runId={run.id} tasks={tasks} />
      <Split title="By purpose" rows={[...data.byPurpose.map((row) => ({ ...row, name: row.purpose })), all]} />
      <Split title="By model" rows={data.byModel.map((row) => ({ ...row, name: row.model }))} />
      <Split title="By agent" rows={data.byAgent.map((row) => ({ ...row, name: row.agent ?? 'no agent' }))} />
      <Split title="By task" rows={data.byTask.map((row) => ({ ...row, name: row.taskKey ?? 'no task' }))} />
    </div>
  )
}

type Row = CostSplit & Readonly<{ name: string }>

const COLUMNS: readonly Column<Row>[] = [
  { title: 'What', cell: ({ name }) => name },
  { title: 'Calls', number: true, cell: ({ calls }) => count(calls) },
  { title: 'Input', number: true, cell: ({ tokens }) => count(tokens.inputTokens) },
  { title: 'of it cached', number: true, wide: true, cell: ({ tokens }) => count(tokens.cachedInputTokens) },
  { title: 'Output', number: true, cell: ({ tokens }) => count(tokens.outputTokens) },
  { title: 'of it reasoning', number: true, wide: true, cell: ({ tokens }) => count(tokens.reasoningTokens) },
  {
    title: 'Input cost',
    number: true,
    wide: true,
    cell: ({ cost }) => usd(cost.inputUsd + cost.cachedInputUsd + cost.cacheWriteUsd),
  },
  { title: 'Output cost', number: true, wide: true, cell: ({ cost }) => usd(cost.outputUsd + cost.reasoningUsd) },
  { title: 'Cost', number: true, cell: ({ cost }) => usd(cost.totalUsd) },
]

const Split = ({ title, rows }: Readonly<{ title: string; rows: readonly Row[] }>) =>
  rows.length === 0 ? null : (
    <Section title={title} aside={<span className="text-small text-muted">tokens and US dollars</span>}>
      <DataTable label={title} rows={rows} keyOf={({ name }) => name} columns={COLUMNS} />
    </Section>
  )

type EstimateRow = Readonly<{
  name: string
  of: EstimateCheck['tokens']
  text: (value: number) => string
  /** Where it is told otherwise. */
  used?: string
}>

function Estimate({ run, estimate }: Readonly<{ run: RunView; estimate: EstimateCheck }>) {
  const over = isTerminalRun(run.status)
  const rows: readonly EstimateRow[] = [
    ...tasksRow(run),
    { name: 'Tokens', of: estimate.tokens, text: count },
    { name: 'Cost', of: estimate.costUsd, text: usd },
    { name: 'Time', of: estimate.seconds, text: (seconds: number) => amount('seconds', seconds) },
  ]
  return (
    <Section
      title="Estimated and used"
      lead="Time is what the run's budget counts: clock time in whole seconds, without pauses, planning and the reading of documents. The run's duration has its pauses, too."
    >
      <DataTable
        label="Estimated and used"
        rows={rows}
        keyOf={({ name }) => name}
        columns={[
          { title: 'What', cell: ({ name }) => name },
          {
            title: 'Expected',
            number: true,
            cell: ({ of, text }) => text(of.expected),
          },
          { title: 'At least', number: true, wide: true, cell: ({ of, text }) => text(of.low) },
          { title: 'At most', number: true, wide: true, cell: ({ of, text }) => text(of.high) },
          { title: 'Used', number: true, cell: ({ of, text, used }) => used ?? text(of.actual) },
          {
            title: 'Within',
            cell: ({ of }) => (of.within ? 'yes' : of.actual > of.high ? 'above' : over ? 'below' : 'not yet'),
          },
        ]}
      />
    </Section>
  )
}

/** A plan that is larger than was thought explains the rest, as does one that was not done to its end. */
function tasksRow({ analysis, progress: { total, completed } }: RunView): EstimateRow[] {
  const expected = analysis?.estimate.tasks
  if (expected === undefined || total === 0) return []
  const actual = total > expected ? total : completed
  const of = { expected, low: expected, high: expected, actual, within: expected === actual }
  return [{ name: 'Tasks', of, text: count, ...(completed < total && { used: `${completed} of ${total} done` }) }]
}
