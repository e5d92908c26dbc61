export { planProblems, readPlan } from './check-plan.ts'
export {
  createPlan,
  explicitDispatch,
  leastPlanningRequest,
  PLAN_OUTPUT_TOKENS,
  type PlanDeps,
  type PlanOutcome,
} from './create-plan.ts'
export { outlineDocument, outlineMedia, type DocumentOutline } from './outline-document.ts'
export type { PlanningInput, RoleInfo } from './prompt.ts'
