import type { Plan, Selection } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, transact, type Db, type Tx } from '../connect.ts'

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
}>

/** Rows that one statement takes: bounded, so that a plan of 10,000 tasks stays within the statement's time and memory. */
const PAGE = 2_000

/**
 * The plan becomes rows, and those that wait for nothing become ready, in one transaction with `run.started`. False: the
 * fence is lost, the run has ended, or it is expanded already. Roots need no wake-up from here: their `due` has them woken.
 * A run that is paused meanwhile stays so: the resume wakes them.
 */
export function expandRun(db: Db, input: ExpandInput): Promise<boolean> {
  const { tasks } = input
  if (tasks.length <= PAGE) return startWith(db, input, tasks)
  return transact(db, async (tx) => {
    let i = 0
    for (; i + PAGE < tasks.length; i += PAGE)
      if (!(await insertTasks(tx, input, tasks.slice(i, i + PAGE)))) return false
    return startWith(tx, input, tasks.slice(i))
  })
}

async function insertTasks(tx: Tx, { runId, fence }: ExpandInput, page: readonly ExpandTask[]): Promise<boolean> {
  const { rows } = await sql<{ ok: boolean }>`
    select flotilla.insert_tasks(${runId}, ${fence}, ${json(page.map(taskRow))}::jsonb) as ok`.execute(tx)
  return rows[0]?.ok ?? false
}

async function startWith(db: Db, input: ExpandInput, lastPage: readonly ExpandTask[]): Promise<boolean> {
  const { runId, fence, planVersion, tasks } = input
  const { rows } = await sql<{ ok: boolean }>`
    select flotilla.expand_run(${runId}, ${fence}, ${planVersion}, ${json(lastPage.map(taskRow))}::jsonb, ${tasks.length}) as ok`.execute(
    db,
  )
  return rows[0]?.ok ?? false
}

const taskRow = (task: ExpandTask): object => ({
  idx: task.idx,
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
