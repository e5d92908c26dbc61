import type { AgentStats, Analysis, BudgetLimits, Mode, Plan } from '@flotilla/domain'
import type { DocumentOutline } from '../planner/outline-document.ts'
import type { RoleInfo } from '../planner/prompt.ts'
import { DRAFTED_TOOLS } from '../selector/draft-agent.ts'
import { estimate, guessShape, shapeOfPlan, type EstimateInput } from './estimate.ts'
import { paceOf } from './pace.ts'
import { guessType, type RequestType } from './request-type.ts'
import { explicitRequirements, inferredRequirements } from './requirements.ts'
import { rolesFor } from './roles.ts'
import { templatePlan } from './template-plan.ts'
import { warningsOf } from './warnings.ts'

export type AnalysisInput = Readonly<{
  goal: string
  documents: readonly DocumentOutline[]
  mode: Mode
  availableRoles: readonly RoleInfo[]
  /** A plan that came with the request; the estimate is then of this plan. */
  plan: Plan | null
  budget: BudgetLimits | null
  /** No model stands behind the answers: they cost next to no time, and the plan is a template's. */
  simulated: boolean
  /** The working model, and what the workspace's agents did so far. */
  model: string
  stats: readonly AgentStats[]
}> &
  Pick<EstimateInput, 'priceUsd'>

/** What was understood of a request, by whomever, before it is reckoned what that takes. */
export type Understanding = Pick<Analysis, 'type' | 'confidence' | 'complexity' | 'requirements' | 'roles'>

/** Analyses a request from its words alone. The same request gives the same analysis. */
export const analyzeByRules = (input: AnalysisInput): Analysis =>
  completeAnalysis(input, understandByRules(input), [], 'rules')

export function understandByRules(input: AnalysisInput): Understanding {
  const { goal, documents, plan } = input
  const { type, confidence } = guessType(goal, documents)
  const explicit = explicitRequirements(goal)
  const complexity = plan === null ? complexityOf(type, goal, explicit.length, input) : complexityOfPlan(plan)
  const roles = plan === null ? rolesFor(type, complexity, goal, input.availableRoles) : rolesOfPlan(plan)
  return {
    type,
    confidence,
    complexity,
    requirements: [...explicit, ...inferredRequirements(type, textsOf(documents).length > 0)],
    roles,
  }
}

const rolesOfPlan = ({ tasks }: Plan): string[] => [...new Set(tasks.map(({ role }) => role))]

/** Adds the estimate and the warnings, which are reckoned the same way whoever understood the request. */
export function completeAnalysis(
  input: AnalysisInput,
  understood: Understanding,
  warnings: readonly string[],
  by: string,
): Analysis {
  const { goal, documents, mode, simulated, model, stats, priceUsd, availableRoles, budget } = input
  // Offline the planner takes a template, which is known beforehand; what a model plans is guessed.
  const plan = input.plan ?? (simulated ? templatePlan(input, understood) : null)
  const roles = plan === null ? understood.roles : rolesOfPlan(plan)
  const documentTokens = tokensOf(documents)
  const requirements = understood.requirements.filter((requirement) => requirement.source === 'explicit').length
  const texts = textsOf(documents).map((document) => ({
    name: document.name,
    tokens: document.sizeBytes / BYTES_PER_TOKEN,
  }))
  const shape =
    plan === null
      ? guessShape({ ...understood, requirements, documents: documents.length, texts })
      : shapeOfPlan(
          plan,
          (role) => availableRoles.find((info) => info.role === role)?.tools ?? DRAFTED_TOOLS,
          goal,
          texts,
        )
  const reckoned = estimate({
    shape,
    mode,
    documentTokens,
    shownTokens: shownTokensOf(documents),
    paceOf: (calls) => paceOf({ stats, model, roles, calls, simulated }),
    priceUsd,
  })
  const own = warningsOf({
    goal,
    documents,
    documentTokens,
    simulated,
    roles,
    availableRoles,
    estimate: reckoned,
    budget,
  })
  return { ...understood, roles, estimate: reckoned, warnings: [...new Set([...own, ...warnings])], by }
}

const BYTES_PER_TOKEN = 4
const tokensOf = (documents: readonly DocumentOutline[]): number =>
  Math.ceil(textsOf(documents).reduce((sum, document) => sum + document.sizeBytes, 0) / BYTES_PER_TOKEN)

const textsOf = (documents: readonly DocumentOutline[]): DocumentOutline[] =>
  documents.filter(({ mediaType }) => mediaType === null)

/** Of a picture of a screen, and of a page with its text and its picture: about a third of their worst cases, which calls hold. */
const IMAGE_TOKENS = 1_600
const PAGE_TOKENS = 3_000

const shownTokensOf = (documents: readonly DocumentOutline[]): number =>
  documents.reduce(
    (sum, { mediaType, pages }) => sum + (mediaType === null ? 0 : pages === null ? IMAGE_TOKENS : pages * PAGE_TOKENS),
    0,
  )

/** Points for what makes work: things asked for, documents, length. A plain question stays simple over a few documents. */
function complexityOf(
  type: RequestType,
  goal: string,
  requirements: number,
  input: AnalysisInput,
): Analysis['complexity'] {
  const documents = input.documents.length
  const tokens = tokensOf(input.documents)
  const points =
    Math.max(0, requirements - 1) +
    (documents > 1 ? 1 : 0) +
    (documents > 8 ? 2 : 0) +
    (tokens > 50_000 ? 2 : 0) +
    (goal.length > 600 ? 1 : 0) +
    (goal.length > 3_000 ? 2 : 0) +
    (type === 'development' || type === 'security_audit' || type === 'comparison' || type === 'research' ? 1 : 0) -
    (type === 'question' ? 1 : 0)
  return points <= 0 ? 'simple' : points <= 5 ? 'moderate' : 'complex'
}

function complexityOfPlan(plan: Plan): Analysis['complexity'] {
  if (plan.tasks.length <= 2) return 'simple'
  return plan.tasks.length <= 10 ? 'moderate' : 'complex'
}
