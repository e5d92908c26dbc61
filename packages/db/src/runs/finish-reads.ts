import type { ArtifactView, CostSplit, Output, PlanTask, RunView, TaskSummaryView, VerdictView } from '@flotilla/domain'
import { sql } from 'kysely'
import { listArtifacts } from '../artifacts/reads.ts'
import { splitColumns, sumOf } from '../budgets/cost-sums.ts'
import type { Db } from '../connect.ts'
import { pageOfTasks, taskSummary } from '../tasks/reads.ts'
import { selectRuns, runView } from './view.ts'

/** A task of a run that has nothing left to do. */
export type EndedTask = TaskSummaryView &
  Readonly<{ revisions: number; latencyMs: number; verdicts: readonly VerdictView[] }>

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
}>

const PAGE = 1_000

/** What finishing reads of a run that nothing changes any more, page by page. Null: the run is gone. */
export async function readEndedRun(db: Db, runId: number): Promise<EndedRun | null> {
  const row = await selectRuns(db).select('s.collection_id').where('r.id', '=', runId).executeTakeFirst()
  if (row === undefined) return null
  const [tasks, { hasArtifacts, ...rest }] = await Promise.all([
    readEndedTasks(db, { id: row.id, uid: row.uid }),
    readRest(db, { runId, planVersion: row.plan_version, collectionId: row.collection_id }),
  ])
  const artifacts = hasArtifacts ? (await listArtifacts(db, { runId, after: null, limit: PAGE })).items : []
  return { id: row.id, run: runView(row), tasks, artifacts, ...rest }
}

type Rest = Pick<EndedRun, 'plan' | 'hasDocuments' | 'estimated' | 'unknown'> & Readonly<{ hasArtifacts: boolean }>

async function readRest(
  db: Db,
  run: Readonly<{ runId: number; planVersion: number; collectionId: number | null }>,
): Promise<Rest> {
  const { rows } = await sql<{
    plan: EndedRun['plan'] | null
    hasDocuments: boolean
    hasArtifacts: boolean
    cost: CostSplit
  }>`
    select (select jsonb_build_object('tasks', p.tasks, 'result', p.result) from flotilla.plans p
        where p.run_id = ${run.runId} and p.version = ${run.planVersion}) as plan,
      exists (select from flotilla.documents d where d.collection_id = ${run.collectionId} and d.media_type is null) as "hasDocuments",
      exists (select from flotilla.artifacts a where a.run_id = ${run.runId}) as "hasArtifacts",
      (select to_jsonb(c) from (select ${splitColumns} from (
        select status, kind, usage, parts, estimated, cost_usd_reserved, cost_usd_charged from flotilla.budget_calls
        where run_id = ${run.runId} offset 0) l -- offset: by the key, whatever the rest of it says
        where l.kind = 'model' and l.status in ('settled', 'lost')) c) as cost`.execute(db)
  const { plan = null, hasDocuments = false, hasArtifacts = false, cost } = rows[0] ?? {}
  const total = sumOf(cost === undefined ? [] : [cost])
  return {
    plan: plan ?? { tasks: [], result: null },
    hasDocuments,
    hasArtifacts,
    estimated: { calls: total.estimatedCalls, costUsd: total.estimatedUsd },
    unknown: { calls: total.unknownCalls, costUsdAtMost: total.unknownUsdAtMost },
  }
}

async function readEndedTasks(db: Db, run: Readonly<{ id: number; uid: string }>): Promise<EndedTask[]> {
  const tasks: EndedTask[] = []
  for (let after: number | null = -1; after !== null;) {
    const page = await pageOfTasks(db, run, { after, limit: PAGE })
    const verdicts = page.rows.some(({ decision }) => decision !== null) ? await readVerdicts(db, run.id) : NO_VERDICTS
    for (const row of page.rows) {
      const { revisions, latencyMs } = row
      tasks.push({ ...taskSummary(run, row), revisions, latencyMs, verdicts: verdicts.get(row.idx) ?? [] })
    }
    after = page.next
  }
  return tasks
}

type Verdicts = ReadonlyMap<number, readonly VerdictView[]>
const NO_VERDICTS: Verdicts = new Map()

async function readVerdicts(db: Db, runId: number): Promise<Verdicts> {
  const { rows } = await sql<{ idx: number; verdicts: VerdictView[] }>`
    select v.idx, jsonb_agg(jsonb_build_object('attempt', v.attempt, 'decision', v.decision, 'score', v.score, 'findings', v.findings,
      'judgeModel', v.judge_model, 'at', v.at) order by v.attempt) as verdicts
    from flotilla.verdicts v where v.run_id = ${runId} group by v.idx`.execute(db)
  return new Map(rows.map(({ idx, verdicts }) => [idx, verdicts]))
}

/** Accepted outputs by task key: those of the tasks that nothing waits for and of `resultKey`, or with `all` of every task. */
export async function readAcceptedOutputs(
  db: Db,
  input: Readonly<{ runId: number; resultKey: string | null; all: boolean }>,
): Promise<Map<string, Output>> {
  const { rows } = await sql<{ key: string; output: Output }>`
    select s.key, o.output from flotilla.tasks t
      join flotilla.task_specs s on s.run_id = t.run_id and s.idx = t.idx
      join flotilla.outputs o on o.run_id = t.run_id and o.idx = t.idx and o.attempt = t.attempt
    where t.run_id = ${input.runId} and t.status = 'completed'
      and (${input.all} or cardinality(t.outs) = 0 or s.key = ${input.resultKey})`.execute(db)
  return new Map(rows.map((row) => [row.key, row.output]))
}
