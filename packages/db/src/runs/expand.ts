import type { Dispatch, Plan, Selection } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, transact, type Db } from '../connect.ts'
import { analyzedEvent, readyEvent, type AnalysisRecord } from './planning.ts'

export type ExpandTask = Readonly<{
  idx: number
  deps: readonly number[]
  outs: readonly number[]
  spec: Plan['tasks'][number]
  title: string
  type: string
  agentId: number | null
  selection: Selection
}>

export type ExpandInput = Readonly<{
  runId: number
  fence: number
  planVersion: number
  tasks: readonly ExpandTask[]
  /** Positions of those that wait for nothing and are parked nevertheless. */
  parked?: ReadonlySet<number>
  /** Of a plan that came with the request: what is recorded before it starts. */
  given?: GivenPlan | undefined
}>

/** Its analysis cost nothing: what it used is not counted here. */
export type GivenPlan = AnalysisRecord & Readonly<{ dispatch: Dispatch; simulated: boolean }>

/** Rows that one statement takes: bounded, so that a plan of 10,000 tasks stays within the statement's time and memory. */
const PAGE = 2_000

/**
 * The plan becomes rows, and those that wait for nothing become ready, in one transaction with `run.started`. False: the
 * fence is lost, the run has ended, it is expanded already, or it is to rest first. Roots need no wake-up from here: their
 * `due` has them woken. A run that is paused meanwhile stays so: the resume wakes them.
 */
export async function expandRun(db: Db, input: ExpandInput): Promise<boolean> {
  const { tasks, runId } = input
  if (isOnePage(input)) return (await expandRuns(db, [input]))[0] ?? false
  return transact(db, async (tx) => {
    let i = 0
    for (; i + PAGE < tasks.length; i += PAGE)
      if (!(await expandPages(tx, [pageOf(input, tasks.slice(i, i + PAGE))])).has(runId)) return false
    return (await expandPages(tx, [lastPageOf(input, tasks.slice(i))])).has(runId)
  })
}

/** Whether one statement takes it, alone or together with others. */
export const isOnePage = ({ tasks }: Pick<ExpandInput, 'tasks'>): boolean => tasks.length <= PAGE

/** As `expandRun`, of many runs in one commit; each has one page. */
export async function expandRuns(db: Db, inputs: readonly ExpandInput[]): Promise<boolean[]> {
  const done = await expandPages(
    db,
    inputs.map((input) => lastPageOf(input, input.tasks)),
  )
  return inputs.map(({ runId }) => done.has(runId))
}

/** The runs that it was done for. */
async function expandPages(db: Db, pages: readonly object[]): Promise<Set<number>> {
  const { rows } = await sql<{ done: number[] | null }>`
    select flotilla.expand_runs(${json(pages)}::jsonb) as done`.execute(db)
  return new Set(rows[0]?.done)
}

const pageOf = ({ runId, fence, parked, given, tasks }: ExpandInput, page: readonly ExpandTask[]): object => ({
  run: runId,
  fence,
  tasks: page.map((task) => taskRow(task, parked)),
  ...(given && {
    given: {
      analysis: given.analysis,
      analyzed: analyzedEvent(given),
      dispatch: given.dispatch,
      simulated: given.simulated,
      ready: readyEvent(given.dispatch, tasks.length),
    },
  }),
})

/** The one that starts the run. */
const lastPageOf = (input: ExpandInput, page: readonly ExpandTask[]): object => ({
  ...pageOf(input, page),
  version: input.planVersion,
  total: input.tasks.length,
})

const taskRow = (task: ExpandTask, parked?: ReadonlySet<number>): object => ({
  idx: task.idx,
  parked: parked?.has(task.idx) ?? false,
  role: task.spec.role,
  start_within: task.spec.scheduleToStartSeconds ?? null,
  optional: task.spec.optional,
  deps: task.deps,
  outs: task.outs,
  key: task.spec.key,
  title: task.title,
  type: task.type,
  spec: task.spec,
  agent_id: task.agentId,
  agent_name: task.selection.agent,
  model: task.selection.model,
  selection: task.selection,
})
