import type { JsonObject } from '@flotilla/domain'
import { draftPlan } from './draft-plan.ts'
import type { PlanRequest } from './plan-request.ts'
import { planJson } from './task-draft.ts'

/** The plan that the offline model makes of a request, in the form in which a planner answers. The same request gives the same plan. */
export const planOffline = (request: PlanRequest): JsonObject => planJson(draftPlan(request), request)
