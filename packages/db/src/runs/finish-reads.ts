import type { ArtifactView, CostSplit, Output, PlanTask, RunView, TaskFacts, VerdictView } from '@flotilla/domain'
import { sql } from 'kysely'
import { listArtifacts } from '../artifacts/reads.ts'
import { splitColumns, sumOf } from '../budgets/cost-sums.ts'
import type { Db } from '../connect.ts'
import { selectTasks, TASK_COLUMNS, taskFacts, type TaskRow } from '../tasks/reads.ts'
import { selectRuns, runView } from './view.ts'

/** A task of a run that has nothing left to do. */
export type EndedTask = TaskFacts & Readonly<{ revisions: number; latencyMs: number; verdicts: readonly VerdictView[] }>

export type EndedRun = Readonly<{
  id: number
  run: RunView
  tasks: readonly EndedTask[]
  plan: Readonly<{ tasks: readonly PlanTask[]; result: string | null }>
  artifacts: readonly ArtifactView[]
  /** Documents of text, whose lines can be cited. */
  hasDocuments: boolean
  /** Of its model calls: those whose usage nobody told, and what was charged for them. */
  estimated: Readonly<{ calls: number; costUsd: number }>
  /** Calls that ended without telling their usage, and what they may have cost more. */
  unknown: Readonly<{ calls: number; costUsdAtMost: number }>
  /** Accepted, by task key: of the tasks that nothing waits for and of the plan's result; of every task where one gave none. */
  outputs: ReadonlyMap<string, Output>
}>

const PAGE = 1_000

/** What finishing reads of a run that nothing changes any more. Null: the run is gone. */
export async function readEndedRun(db: Db, runId: number): Promise<EndedRun | null> {
  return (await readEndedRuns(db, [runId])).get(runId) ?? null
}

/** As `readEndedRun`, of many runs in the same few statements; those that are gone are not among them. */
export async function readEndedRuns(db: Db, runIds: readonly number[]): Promise<Map<number, EndedRun>> {
  const rows = await selectRuns(db)
    .select('s.collection_id')
    .where(sql<boolean>`r.id = any (${[...runIds]}::bigint[])`)
    .execute()
  const known = rows.map((row) => ({ id: row.id, planVersion: row.plan_version, collectionId: row.collection_id }))
  const [tasks, rests] = await Promise.all([readEndedTasks(db, rows), readRests(db, known)])
  const whole = rows.flatMap((row) => {
    const rest = rests.get(row.id)
    return rest === undefined ? [] : [{ row, rest, tasks: tasks.get(row.id) ?? [] }]
  })
  const outputs = await readAcceptedOutputs(
    db,
    whole.map(({ row, rest, tasks: own }) => ({
      runId: row.id,
      resultKey: rest.plan.result,
      all: own.some(({ status }) => status !== 'completed'),
    })),
  )
  const ended = await Promise.all(
    whole.map(async ({ row, rest: { hasArtifacts, ...rest }, tasks: own }): Promise<EndedRun> => ({
      id: row.id,
      run: runView(row),
      tasks: own,
      artifacts: hasArtifacts ? (await listArtifacts(db, { runId: row.id, after: null, limit: PAGE })).items : [],
      ...rest,
      outputs: outputs.get(row.id) ?? new Map(),
    })),
  )
  return new Map(ended.map((run) => [run.id, run]))
}

type Rest = Pick<EndedRun, 'plan' | 'hasDocuments' | 'estimated' | 'unknown'> & Readonly<{ hasArtifacts: boolean }>
type Known = Readonly<{ id: number; planVersion: number; collectionId: number | null }>

async function readRests(db: Db, runs: readonly Known[]): Promise<Map<number, Rest>> {
  const { rows } = await sql<{
    id: number
    plan: EndedRun['plan'] | null
    hasDocuments: boolean
    hasArtifacts: boolean
    cost: CostSplit
  }>`
    select k.id, (select jsonb_build_object('tasks', p.tasks, 'result', p.result) from flotilla.plans p
        where p.run_id = k.id and p.version = k.version) as plan,
      exists (select from flotilla.documents d where d.collection_id = k.collection and d.media_type is null) as "hasDocuments",
      exists (select from flotilla.artifacts a where a.run_id = k.id) as "hasArtifacts",
      (select to_jsonb(c) from (select ${splitColumns} from (
        select status, kind, usage, parts, estimated, cost_usd_reserved, cost_usd_charged from flotilla.budget_calls
        where run_id = k.id offset 0) l -- offset: by the key, whatever the rest of it says
        where l.kind = 'model' and l.status in ('settled', 'lost')) c) as cost
    from unnest(${runs.map((run) => run.id)}::bigint[], ${runs.map((run) => run.planVersion)}::int[],
      ${runs.map((run) => run.collectionId)}::bigint[]) k(id, version, collection)`.execute(db)
  return new Map(rows.map(({ id, ...row }) => [id, restOf(row)]))
}

function restOf(
  row: Readonly<{ plan: EndedRun['plan'] | null; cost: CostSplit }> & Pick<Rest, 'hasDocuments' | 'hasArtifacts'>,
): Rest {
  const total = sumOf([row.cost])
  return {
    plan: row.plan ?? { tasks: [], result: null },
    hasDocuments: row.hasDocuments,
    hasArtifacts: row.hasArtifacts,
    estimated: { calls: total.estimatedCalls, costUsd: total.estimatedUsd },
    unknown: { calls: total.unknownCalls, costUsdAtMost: total.unknownUsdAtMost },
  }
}

/** Of each run in plan order, page by page over all of them. */
async function readEndedTasks(
  db: Db,
  runs: readonly Readonly<{ id: number; uid: string }>[],
): Promise<Map<number, EndedTask[]>> {
  const rows = await readTaskRows(
    db,
    runs.map((run) => run.id).toSorted((a, b) => a - b),
  )
  const judged = [...new Set(rows.flatMap(({ runId, decision }) => (decision === null ? [] : [runId])))]
  const verdicts = judged.length > 0 ? await readVerdicts(db, judged) : NO_VERDICTS
  const byRun = Map.groupBy(rows, ({ runId }) => runId)
  return new Map(
    runs.map((run) => [
      run.id,
      (byRun.get(run.id) ?? []).map((row) => {
        const { revisions, latencyMs } = row
        return { ...taskFacts(run, row), revisions, latencyMs, verdicts: verdicts.get(taskKey(row)) ?? [] }
      }),
    ]),
  )
}

async function readTaskRows(db: Db, runIds: readonly number[]): Promise<TaskRow[]> {
  const all: TaskRow[] = []
  for (let [run, idx]: [number | undefined, number] = [runIds[0], -1]; run !== undefined;) {
    const { rows } = await selectTasks(sql`
      select ${TASK_COLUMNS} from unnest(${runIds.filter((id) => id >= (run ?? 0))}::bigint[]) k(id) cross join lateral (
        select ${TASK_COLUMNS} from flotilla.tasks
        where run_id = k.id and idx > case when k.id = ${run} then ${idx} else -1 end order by idx limit ${PAGE}) t limit ${PAGE}`).execute(
      db,
    )
    all.push(...rows)
    if (rows.length < PAGE) break
    run = Math.max(...rows.map(({ runId }) => runId))
    idx = Math.max(...rows.filter(({ runId }) => runId === run).map((row) => row.idx))
  }
  return all
}

const taskKey = ({ runId, idx }: Readonly<{ runId: number; idx: number }>): string => `${runId}/${idx}`

type Verdicts = ReadonlyMap<string, readonly VerdictView[]>
const NO_VERDICTS: Verdicts = new Map()

async function readVerdicts(db: Db, runIds: readonly number[]): Promise<Verdicts> {
  const { rows } = await sql<{ runId: number; idx: number; verdicts: VerdictView[] }>`
    select v.run_id as "runId", v.idx, jsonb_agg(jsonb_build_object('attempt', v.attempt, 'decision', v.decision, 'score', v.score, 'findings', v.findings,
      'judgeModel', v.judge_model, 'at', v.at) order by v.attempt) as verdicts
    from flotilla.verdicts v where v.run_id = any (${[...runIds]}::bigint[]) group by 1, 2`.execute(db)
  return new Map(rows.map((row) => [taskKey(row), row.verdicts]))
}

type Asked = Readonly<{ runId: number; resultKey: string | null; all: boolean }>

async function readAcceptedOutputs(db: Db, asked: readonly Asked[]): Promise<Map<number, Map<string, Output>>> {
  const { rows } = await sql<{ runId: number; key: string; output: Output }>`
    select k.id as "runId", s.key, o.output
    from (select u.id, u.key, u.every
        from unnest(${asked.map(({ runId }) => runId)}::bigint[], ${asked.map(({ resultKey }) => resultKey)}::text[],
          ${asked.map(({ all }) => all)}::bool[]) u(id, key, every) limit ${asked.length}) k
      cross join lateral (select run_id, idx, attempt, outs from flotilla.tasks where run_id = k.id and status = 'completed' offset 0) t
      cross join lateral (select key from flotilla.task_specs where run_id = t.run_id and idx = t.idx offset 0) s
      cross join lateral (select output from flotilla.outputs
        where run_id = t.run_id and idx = t.idx and attempt = t.attempt and (k.every or cardinality(t.outs) = 0 or s.key = k.key) offset 0) o`.execute(
    db,
  )
  return new Map(
    [...Map.groupBy(rows, ({ runId }) => runId)].map(([runId, own]) => [
      runId,
      new Map(own.map(({ key, output }) => [key, output])),
    ]),
  )
}
