import { asksOnlyForDisagreement } from '../disagreement.ts'
import { planComparison, planDisagreement } from './comparison.ts'
import { planCustom } from './custom.ts'
import { planData } from './data.ts'
import { planDevelopment } from './development.ts'
import type { PlanRequest } from './plan-request.ts'
import { planQuestion } from './question.ts'
import { planResearch } from './research.ts'
import { planSecurityAudit } from './security-audit.ts'
import type { PlanDraft } from './task-draft.ts'
import { planWriting } from './writing.ts'

const TEMPLATES: ReadonlyMap<string, (request: PlanRequest) => PlanDraft> = new Map([
  ['comparison', planComparison],
  ['question', planQuestion],
  ['research', planResearch],
  ['writing', planWriting],
  ['development', planDevelopment],
  ['security_audit', planSecurityAudit],
  ['data', planData],
])

/** The plan for a request, from the template of its type; a type without one gets the plainest plan. */
export function draftPlan(request: PlanRequest): PlanDraft {
  // Analysis takes it for a question, whose plan looks up passages instead of reading all documents.
  if (request.documents.length > 0 && asksOnlyForDisagreement(request.goal)) return planDisagreement(request)
  return (TEMPLATES.get(request.type) ?? planCustom)(request)
}
