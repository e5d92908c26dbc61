import type { Dispatch, Plan, Selection } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, transact, type Db, type Tx } from '../connect.ts'
import { acceptPlan, analyzedEvent, readyEvent, recordAnalysis, type AnalysisRecord } from './planning.ts'

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
  const { tasks, given } = input
  if (tasks.length <= PAGE) return (await expandRuns(db, [input]))[0] ?? false
  return transact(db, async (tx) => {
    if (given && !(await recordGiven(tx, input, given))) return false
    let i = 0
    for (; i + PAGE < tasks.length; i += PAGE)
      if (!(await insertTasks(tx, input, tasks.slice(i, i + PAGE)))) return false
    return (await startWith(tx, [{ ...input, given: undefined, page: tasks.slice(i) }]))[0] ?? false
  })
}

/** Whether one statement takes it, alone or together with others. */
export const isOnePage = ({ tasks }: Pick<ExpandInput, 'tasks'>): boolean => tasks.length <= PAGE

/** As `expandRun`, of many runs in one commit; each has one page. */
export async function expandRuns(db: Db, inputs: readonly ExpandInput[]): Promise<boolean[]> {
  const sorted = inputs.toSorted((a, b) => a.runId - b.runId)
  const rows = await startWith(
    db,
    sorted.map((input) => ({ ...input, page: input.tasks })),
  )
  const started = new Map(sorted.map((input, i) => [input, rows[i] ?? false]))
  return inputs.map((input) => started.get(input) ?? false)
}

async function recordGiven(tx: Tx, input: ExpandInput, given: GivenPlan): Promise<boolean> {
  if (!(await recordAnalysis(tx, input, given))) return false
  const ready = await acceptPlan(tx, input, given.dispatch, input.tasks.length, given.simulated)
  return ready !== null && !ready.rest
}

async function insertTasks(
  tx: Tx,
  { runId, fence, parked }: ExpandInput,
  page: readonly ExpandTask[],
): Promise<boolean> {
  const { rows } = await sql<{ ok: boolean }>`
    select flotilla.insert_tasks(${runId}, ${fence}, ${json(page.map((task) => taskRow(task, parked)))}::jsonb) as ok`.execute(
    tx,
  )
  return rows[0]?.ok ?? false
}

type LastPage = ExpandInput & Readonly<{ page: readonly ExpandTask[] }>

async function startWith(db: Db, inputs: readonly LastPage[]): Promise<boolean[]> {
  const { rows } = await sql<{ ok: boolean }>`
    select flotilla.start_run(x.run, x.fence, x.given, x.version, x.tasks, x.total) as ok
    from jsonb_to_recordset(${json(inputs.map(runRow))}::jsonb) x(run bigint, fence int, given jsonb, version int, tasks jsonb, total int)`.execute(
    db,
  )
  return rows.map(({ ok }) => ok)
}

const runRow = ({ runId, fence, planVersion, tasks, page, parked, given }: LastPage): object => ({
  run: runId,
  fence,
  version: planVersion,
  total: tasks.length,
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
