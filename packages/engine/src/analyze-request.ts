import { analyzeRequest, explicitDispatch, outlineDocument, type AskDeps } from '@flotilla/agents'
import { inWorkspace, readSelectableAgents, type Db } from '@flotilla/db'
import { accepted, type Analysis, type CreateRun, type Dispatch, type Result } from '@flotilla/domain'
import { rolesOf } from './plan-run.ts'
import { refuseRequest } from './submit-run.ts'

/** What would become of a request, and how it could be put better. */
export type RequestAnalysis = Readonly<{ analysis: Analysis; dispatch: Dispatch; coaching: readonly string[] }>

export type RequestAnalysisDeps = Readonly<{
  db: Db
  /** The model that analyses. */
  ask: AskDeps
  /** The model that would plan and work: its name on record, whether it is simulated, and what it costs. */
  working: Readonly<{
    modelRef: string
    simulated: boolean
    priceUsd: (tokens: { inputTokens: number; outputTokens: number }) => number
  }>
  /** Names of tools beside the built-in ones. */
  tools?: readonly string[] | undefined
}>

/** Analyses a request as the planner would; nothing is recorded. Errors: as `submitRun`. */
export async function analyzeWithoutRun(
  deps: RequestAnalysisDeps,
  input: Readonly<{ workspaceId: number; body: CreateRun; signal: AbortSignal }>,
): Promise<Result<RequestAnalysis>> {
  const { body } = input
  const refused = await refuseRequest(body, deps.tools)
  if (refused) return refused
  const agents = await inWorkspace(deps.db, input.workspaceId, (tx) => readSelectableAgents(tx, input.workspaceId))
  const { onExceeded: _onExceeded, ...limits } = body.budget ?? { onExceeded: 'fail' }
  const { analysis } = await analyzeRequest(deps.ask, {
    goal: body.goal,
    documents: body.documents.map((document) => outlineDocument(document.name, document.content)),
    mode: body.mode,
    availableRoles: rolesOf(agents),
    plan: body.plan,
    budget: limits,
    simulated: deps.working.simulated,
    priceUsd: deps.working.priceUsd,
    signal: input.signal,
  })
  return accepted({ analysis, dispatch: dispatchOf(deps, body, analysis), coaching: analysis.warnings })
}

/** How the plan would come about; a template is chosen only when planning. */
function dispatchOf({ working }: RequestAnalysisDeps, body: CreateRun, analysis: Analysis): Dispatch {
  if (body.plan) return explicitDispatch(body.plan)
  const { simulated, modelRef } = working
  return {
    kind: simulated ? 'template' : 'generated',
    template: null,
    reason: simulated
      ? `no model is set up: a built-in template for requests of the type ${analysis.type} would be used`
      : `${modelRef} would plan it as a request of the type ${analysis.type}`,
    planner: modelRef,
    repairs: 0,
    simulated,
  }
}
