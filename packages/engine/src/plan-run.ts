import {
  analyzeRequest,
  BUILTIN_TOOLS,
  createPlan,
  draftAgent,
  explicitDispatch,
  PLAN_OUTPUT_TOKENS,
  selectAgent,
  type AskDeps,
  type RoleInfo,
} from '@flotilla/agents'
import {
  acceptPlan,
  pauseForKey,
  recordAnalysis,
  recordPlan,
  settleCalls,
  unopened,
  type AgentRow,
  type AnalysisRecord,
  type PlannerTurn,
  type PlanningRecord,
  type RunClaim,
} from '@flotilla/db'
import { NO_USAGE, type Plan } from '@flotilla/domain'
import { costUsd } from '@flotilla/llm'
import type { Producer } from '@flotilla/queue'
import { afterRefusal, failPlan, giveUpOrRelease, handBack, rest } from './end-planning.ts'
import { expandPlan, rootWakeUps, titleOf, treeTasks, type Known } from './expand-plan.ts'
import { tellLatePlanner } from './late-usage.ts'
import { CallBook } from './money/call-book.ts'
import type { CallChain } from './money/call-walk.ts'
import { createModelCaller } from './money/model-caller.ts'
import { resolveModels } from './money/resolve-models.ts'
import type { RunDeps } from './run-deps.ts'
import type { RunLeases } from './run-leases.ts'
import type { RunRecord } from './run-record.ts'
import { RUN } from './trace.ts'

export type PlanRunDeps = RunDeps &
  Readonly<{
    record: RunRecord
    producer: Producer
    treeMax: number
    queueKind: 'redis' | 'postgres'
    crowded: () => Promise<ReadonlySet<string>>
  }>

/**
 * Takes a run from its request to tasks that can start: documents indexed, request analysed, planned, agents picked, rows
 * written, wake-ups sent. Every step is written under the claim's fence, so that a lost planner's successor starts over
 * without harm. Instead of the run asked for it may be another whose turn it is. False when there was nothing to do.
 */
export async function planRun(deps: PlanRunDeps, asked: number, leases: RunLeases): Promise<boolean> {
  const claimed = await deps.record.claimPlanning(asked)
  if (claimed === null) return false
  const { claim, record } = claimed
  const { runId } = claim
  const signal = leases.hold(claim)
  const book = new CallBook(deps.admit, { runId, idx: null, fence: claim.fence })
  try {
    deps.hints.publish({ runId })
    await planClaimed(deps, claim, record, signal, book)
    return true
  } catch (error) {
    if (signal.aborted) await handBack(deps, claim)
    else
      await giveUpOrRelease(deps, claim, {
        code: 'internal',
        message: error instanceof Error ? error.message : String(error),
      })
    throw error
  } finally {
    leases.release(claim)
    await payPlanner(deps, claim, book)
    deps.hints.publish({ runId })
  }
}

/** What no admission has paid yet. Where the record is away, it is given back as lost. */
async function payPlanner(deps: PlanRunDeps, { runId, uid }: RunClaim, book: CallBook): Promise<void> {
  const unpaid = book.unpaid()
  if (unpaid.length === 0) return
  try {
    await settleCalls(
      deps.pool,
      unpaid.map((payment) => ({ runId, ...payment })),
    )
    book.paid(unpaid)
  } catch (error) {
    deps.log.warn({ err: error, runId: uid }, "a planner's calls are not paid")
  }
}

async function planClaimed(
  deps: PlanRunDeps,
  claim: RunClaim,
  record: PlanningRecord,
  signal: AbortSignal,
  book: CallBook,
): Promise<void> {
  // Also a plan that a planner recorded and did not live to expand: it is neither the user's, nor to be made again.
  if (claim.status === 'executing' || (record.plan !== null && record.plan.madeBy !== 'user'))
    return expandStored(deps, claim, record)
  // Embedding takes seconds: beside analysis and planning, which read no passages. Its error counts once tasks need it.
  const indexed = record.collectionId === null ? null : deps.knowledge.index(claim.workspaceId, record.collectionId)
  indexed?.catch(() => {})
  const known = await readKnown(deps, claim)
  const roles = rolesOf(known.agents)
  const analyzed = await analyze(deps, claim, record, known, signal, book)
  if (analyzed === null) return
  const given = explicitPlan(record)
  // What has cost nothing, and need not be seen while documents are prepared, is recorded with the start.
  if (given !== null && claim.autoStart && indexed === null && analyzed.usage.modelCalls === 0)
    return startGiven(deps, claim, known, record, given, analyzed)
  if (!(await recordAnalysis(deps.db, claim, analyzed))) return tellLatePlanner(deps, claim, analyzed.usage)
  const planned = await planOrAccept(deps, claim, record, analyzed.analysis, roles, signal, book)
  if (planned === null || planned.rest) return
  if (indexed !== null) {
    // The plan stands: what it has cost is not held any longer while documents are prepared.
    await payPlanner(deps, claim, book)
    await indexed
  }
  await expandAndWake(deps, claim, known, { version: planned.version, tasks: planned.plan.tasks, mode: record.mode })
}

const readKnown = async ({ record }: PlanRunDeps, { workspaceId }: RunClaim): Promise<Known> => {
  const [agents, stats] = await Promise.all([record.agents(workspaceId), record.stats(workspaceId)])
  return { agents, stats }
}

/** A plan that came with the request and is to start at once: its analysis, its dispatch and its tasks are one write. */
async function startGiven(
  deps: PlanRunDeps,
  claim: RunClaim,
  known: Known,
  record: PlanningRecord,
  plan: Plan,
  analyzed: AnalysisRecord,
): Promise<void> {
  const model = resolveModels(deps, deps.models.defaultModel)
  if (!model.ok) return void (await failPlan(deps, claim, { code: 'configuration', message: model.message }))
  const { simulated } = model.value.links[0].provider
  const given = { ...analyzed, dispatch: explicitDispatch(plan), simulated }
  await expandAndWake(deps, claim, known, { version: claim.planVersion, tasks: plan.tasks, mode: record.mode, given })
}

/** Expands a plan that stands in the record: of a run that was started after its planning, or whose planner was lost. */
async function expandStored(deps: PlanRunDeps, claim: RunClaim, record: PlanningRecord): Promise<void> {
  if (record.plan === null) throw new Error(`run ${claim.uid} was started without a plan`)
  if (record.collectionId !== null) await deps.knowledge.index(claim.workspaceId, record.collectionId)
  await expandAndWake(deps, claim, await readKnown(deps, claim), {
    version: record.plan.version,
    tasks: record.plan.tasks,
    mode: record.mode,
  })
}

async function analyze(
  deps: PlanRunDeps,
  claim: RunClaim,
  record: PlanningRecord,
  { agents, stats }: Known,
  signal: AbortSignal,
  book: CallBook,
): Promise<AnalysisRecord | null> {
  const model = resolveModels(deps, deps.models.utilityModel)
  const working = deps.models.resolve()
  if (!model.ok || !working.ok) {
    await failPlan(deps, claim, {
      code: 'configuration',
      message: model.ok ? (working as { message: string }).message : model.message,
    })
    return null
  }
  const { price } = deps.prices.priceOf(working.value.ref)
  const outcome = await analyzeRequest(askDeps(deps, claim, record, model.value, book, 'analysis'), {
    goal: record.goal,
    documents: record.documents,
    mode: record.mode,
    availableRoles: rolesOf(agents),
    plan: explicitPlan(record),
    budget: record.budget,
    simulated: working.value.provider.simulated,
    model: working.value.ref,
    stats,
    priceUsd: (tokens) => costUsd(price, { ...NO_USAGE, ...tokens }),
    signal,
  })
  const { refusal } = outcome
  // A budget that is used up is the planning's to tell; the rules cost nothing.
  if (refusal === null || refusal.kind === 'exceeded')
    return { analysis: outcome.analysis, usage: outcome.usage, told: book.takeHops() }
  await afterRefusal(deps, claim, refusal, [], outcome.usage)
  return null
}

type Planned = Readonly<{ version: number; rest: boolean; plan: Plan }>

async function planOrAccept(
  deps: PlanRunDeps,
  claim: RunClaim,
  record: PlanningRecord,
  analysis: Parameters<typeof createPlan>[1]['analysis'],
  roles: readonly RoleInfo[],
  signal: AbortSignal,
  book: CallBook,
): Promise<Planned | null> {
  const model = resolveModels(deps, deps.models.defaultModel)
  if (!model.ok) return failPlan(deps, claim, { code: 'configuration', message: model.message })
  const [chosen] = model.value.links
  const { simulated } = chosen.provider
  const given = explicitPlan(record)
  if (given !== null) {
    const kept = await acceptPlan(deps.db, claim, explicitDispatch(given), given.tasks.length, simulated)
    return kept && { ...kept, plan: given }
  }
  const outcome = await createPlan(
    {
      ...askDeps(deps, claim, record, model.value, book, 'plan'),
      countTokens: deps.countTokens,
      tokenBudget: deps.contextTokens,
      maxOutputTokens: PLAN_OUTPUT_TOKENS,
    },
    {
      goal: record.goal,
      inputs: record.inputs,
      documents: record.documents,
      analysis,
      roles,
      // What cannot be taken back is not a planner's to give out.
      tools: [...BUILTIN_TOOLS, ...deps.tools.filter(({ retry }) => retry !== 'unsafe').map(({ name }) => name)],
      signal,
    },
  )
  const turns = outcome.turns.map((turn): PlannerTurn => ({
    model: turn.model,
    request: turn.request,
    reply: turn.reply ?? { failure: turn.failure },
    usage: turn.usage,
  }))
  if (!outcome.ok) {
    if (signal.aborted) await handBack(deps, claim, turns, outcome.usage)
    else if (outcome.failure.code === 'model_auth') {
      await pauseForKey(deps.db, { runId: claim.runId, idx: null }, outcome.failure.message)
      await rest(deps, claim, turns, outcome.usage, 0)
    } else if (outcome.refusal !== null) await afterRefusal(deps, claim, outcome.refusal, turns, outcome.usage)
    else await giveUpOrRelease(deps, claim, outcome.failure, turns, outcome.usage)
    return null
  }
  const { plan, dispatch, usage } = outcome
  const madeBy = turns.at(-1)?.model ?? chosen.ref
  const told = book.takeHops()
  const kept = await recordPlan(deps.db, claim, { plan, madeBy, dispatch, turns, usage, simulated, told })
  if (kept === null) await tellLatePlanner(deps, claim, usage)
  return kept && { ...kept, plan }
}

/** A plan that came with the request, or was put in place of the planner's: not to be planned over. */
const explicitPlan = (record: PlanningRecord): Plan | null =>
  record.plan === null ? null : { tasks: record.plan.tasks, result: record.plan.result }

async function expandAndWake(
  deps: PlanRunDeps,
  claim: RunClaim,
  known: Known,
  plan: Parameters<typeof expandPlan>[3],
): Promise<void> {
  const { expanded, tasks, newRoles, tree, wake, parked } = await expandPlan(
    {
      db: deps.db,
      record: deps.record,
      now: deps.now,
      randomBytes: deps.randomBytes,
      selectAgent: (task, candidates, stats) => {
        const words = {
          role: task.role,
          type: task.type ?? 'general',
          title: titleOf(task),
          instructions: task.instructions,
        }
        const chosen = selectAgent({ task: words, agents: candidates, stats, defaultModel: deps.models.defaultModel })
        return (
          chosen ?? {
            agentId: '',
            agent: task.role,
            model: deps.models.defaultModel,
            drafted: true,
            reason: `no agent of the role "${task.role}" is enabled`,
            candidates: [],
          }
        )
      },
      draftAgent: (role, task) => ({
        ...draftAgent(role, { type: task.type ?? 'general', title: titleOf(task), instructions: task.instructions }),
        origin: 'drafted',
      }),
      treeMax: deps.queueKind === 'redis' ? deps.treeMax : 0,
      crowded: deps.crowded,
    },
    claim,
    known,
    plan,
  )
  if (!expanded) return
  if (newRoles.length > 0) deps.hints.publish({ roles: [...newRoles] })
  if (parked) deps.hints.publish({ parked: true })
  if (tree) return deps.producer.addTree(claim.runId, claim.priority, treeTasks(tasks))
  await deps.producer.wakeTasks(rootWakeUps(claim, wake))
}

/** A planner's model: no call of it begins once the run is paused, its budget used up, or the claim somebody else's. */
function askDeps(
  deps: RunDeps,
  claim: RunClaim,
  record: PlanningRecord,
  chain: CallChain,
  book: CallBook,
  purpose: 'analysis' | 'plan',
): AskDeps {
  const { seconds: _deadline, ...limits } = record.budget
  return {
    call: createModelCaller(deps, {
      ...chain,
      purse: book,
      purpose,
      traced: { run: claim.uid, parent: RUN },
      workspaceId: claim.workspaceId,
      policy: record.onExceeded,
      accounts: [unopened('run', limits)],
      waited: claim.tries,
      stopped: () => null,
      onRefused: () => {},
      onHop: (hop) => {
        book.noteHop(hop)
        deps.log.info({ ...hop, runId: claim.uid }, 'a planner did not answer')
      },
    }),
    modelRef: chain.links[0].ref,
    simulated: chain.links[0].provider.simulated,
    now: () => deps.now().getTime(),
  }
}

/** One entry a role: what its agents together are good for. */
export function rolesOf(agents: readonly AgentRow[]): RoleInfo[] {
  return [...Map.groupBy(agents, (agent) => agent.role)].map(([role, own]) => ({
    role,
    description: own[0]?.description ?? '',
    capabilities: [...new Set(own.flatMap((agent) => agent.capabilities))],
    tools: [...new Set(own.flatMap((agent) => agent.tools))],
  }))
}
