import {
  analyzeRequest,
  explicitDispatch,
  outlineDocument,
  outlineMedia,
  type AskDeps,
  type DocumentOutline,
} from '@flotilla/agents'
import {
  inWorkspace,
  readSelectableAgents,
  readSelectionStats,
  reserveMonthCall,
  settleMonthCall,
  type Db,
  type Tx,
} from '@flotilla/db'
import {
  accepted,
  isMediaDocument,
  type Analysis,
  type CreateRun,
  type Dispatch,
  type Result,
  type RunDocument,
} from '@flotilla/domain'
import { costUsd, NO_TOKENS, type ChainLink, type ModelRegistry } from '@flotilla/llm'
import type { Purse } from './money/call-book.ts'
import type { CallChain, CallerDeps } from './money/call-walk.ts'
import { createModelCaller } from './money/model-caller.ts'
import { resolveModels } from './money/resolve-models.ts'
import { rolesOf } from './plan-run.ts'
import { pagesOf, refuseRequest } from './submit-run.ts'

/** What would become of a request, and how it could be put better. */
export type RequestAnalysis = Readonly<{
  analysis: Analysis
  dispatch: Dispatch
  coaching: readonly string[]
  /** What the same work would cost with the other models that are set up and have a price, the cheapest first. */
  alternatives: readonly Readonly<{ model: string; costUsd: number }>[]
  /** Model calls that the analysis itself took, and what they have cost. */
  analysisCost: Readonly<{ calls: number; costUsd: number }>
}>

type Named = Pick<ChainLink, 'ref'>

export type RequestAnalysisDeps = CallerDeps &
  Readonly<{
    db: Db
    models: ModelRegistry
    fallbackModels: readonly string[]
    /** Names the calls of the analysis in the ledger of the workspace's month. */
    callKey: () => string
    /** Names of tools beside the built-in ones. */
    tools?: readonly string[] | undefined
  }>

/** Analyses a request as the planner would; nothing is recorded. Errors: as `submitRun`. */
export async function analyzeWithoutRun(
  deps: RequestAnalysisDeps,
  input: Readonly<{ workspaceId: number; body: CreateRun; signal: AbortSignal }>,
): Promise<Result<RequestAnalysis>> {
  const { body } = input
  const refused = await refuseRequest(body, deps.tools, deps)
  if (refused) return refused
  const [utility, working] = [deps.models.utilityModel, deps.models.defaultModel].map((ref) => resolveModels(deps, ref))
  if (!utility?.ok || !working?.ok) throw new Error('the models were resolved when the process started')
  const [chosen] = working.value.links
  const { price } = deps.prices.priceOf(chosen.ref)
  const { agents, stats } = await inWorkspace(deps.db, input.workspaceId, async (tx) => ({
    agents: await readSelectableAgents(tx, input.workspaceId),
    stats: await readSelectionStats(tx, input.workspaceId),
  }))
  const { onExceeded: _onExceeded, ...limits } = body.budget ?? { onExceeded: 'degrade' }
  const { analysis, usage } = await analyzeRequest(askDeps(deps, input.workspaceId, utility.value), {
    goal: body.goal,
    documents: body.documents.map(outlineOf),
    mode: body.mode,
    availableRoles: rolesOf(agents),
    plan: body.plan,
    budget: limits,
    simulated: chosen.provider.simulated,
    model: chosen.ref,
    stats,
    priceUsd: (tokens) => costUsd(price, { ...NO_TOKENS, ...tokens }),
    signal: input.signal,
  })
  return accepted({
    analysis,
    dispatch: dispatchOf(chosen, body, analysis),
    coaching: analysis.warnings,
    alternatives: alternativesTo(deps, working.value, analysis),
    analysisCost: { calls: usage.modelCalls, costUsd: usage.costUsd },
  })
}

function outlineOf(document: RunDocument): DocumentOutline {
  const { name } = document
  if (!isMediaDocument(document)) return outlineDocument(name, document.content)
  const { mediaType, data } = document
  const bytes = Buffer.from(data, 'base64')
  return outlineMedia({ name, mediaType, sizeBytes: bytes.length, pages: pagesOf(mediaType, bytes) })
}

/** The utility model, on the account of the workspace's month: an analysis without a run has no budget of its own. */
function askDeps(deps: RequestAnalysisDeps, workspaceId: number, chain: CallChain): AskDeps {
  const inMonth = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inWorkspace(deps.db, workspaceId, work)
  const prefix = deps.callKey()
  let calls = 0
  const purse: Purse = {
    reserve: async (ask) => {
      const key = `analysis/${prefix}/${++calls}`
      return { key, admission: await inMonth((tx) => reserveMonthCall(tx, workspaceId, key, ask)) }
    },
    end: (key, used) => inMonth((tx) => settleMonthCall(tx, workspaceId, { key, used })),
  }
  return {
    call: createModelCaller(deps, {
      ...chain,
      purse,
      purpose: 'analysis',
      workspaceId,
      policy: 'fail',
      accounts: [],
      waited: 0,
      stopped: () => null,
      onRefused: () => {},
    }),
    modelRef: chain.links[0].ref,
    simulated: chain.links[0].provider.simulated,
    now: () => deps.now().getTime(),
  }
}

/** A model without a price would be reckoned at the highest of the table, which compares nothing. */
export function alternativesTo(
  { prices }: Pick<RequestAnalysisDeps, 'prices'>,
  { links, savers }: Readonly<{ links: readonly [Named, ...Named[]]; savers: readonly Named[] }>,
  { estimate }: Pick<Analysis, 'estimate'>,
): RequestAnalysis['alternatives'] {
  const drivers = estimate.drivers ?? []
  const tokens = {
    ...NO_TOKENS,
    inputTokens: drivers.reduce((sum, driver) => sum + driver.inputTokens, 0),
    outputTokens: drivers.reduce((sum, driver) => sum + driver.outputTokens, 0),
  }
  return savers
    .flatMap(({ ref }) => {
      const { known, price } = prices.priceOf(ref)
      return known && ref !== links[0].ref ? [{ model: ref, costUsd: costUsd(price, tokens) }] : []
    })
    .toSorted((a, b) => a.costUsd - b.costUsd)
}

/** How the plan would come about. A template's is known beforehand, and what is estimated is that plan. */
function dispatchOf(working: ChainLink, body: CreateRun, analysis: Analysis): Dispatch {
  if (body.plan) return explicitDispatch(body.plan)
  const { simulated } = working.provider
  const modelRef = working.ref
  return {
    kind: simulated ? 'template' : 'generated',
    template: simulated ? analysis.type : null,
    reason: simulated
      ? `no model is set up: the built-in template for requests of the type ${analysis.type} makes it`
      : `${modelRef} would plan it as a request of the type ${analysis.type}`,
    planner: modelRef,
    repairs: 0,
    simulated,
  }
}
