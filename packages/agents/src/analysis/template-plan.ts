import type { Plan } from '@flotilla/domain'
import { planOffline } from '@flotilla/llm'
import { readPlanAnswer } from '../planner/plan-answer.ts'
import { BUILTIN_TOOLS } from '../tools/builtin-tools.ts'
import type { AnalysisInput, Understanding } from './analyze-by-rules.ts'

/** The plan that the offline model would make of this request, as it makes it; null where that is none. */
export function templatePlan(
  { goal, documents, availableRoles }: AnalysisInput,
  { type, complexity }: Pick<Understanding, 'type' | 'complexity'>,
): Plan | null {
  const answer = planOffline({
    goal,
    type,
    complexity,
    documents: documents.map(({ name, heading }) => ({ name, heading: heading ?? '' })),
    roles: availableRoles.map(({ role }) => role),
    tools: BUILTIN_TOOLS,
  })
  const read = readPlanAnswer(JSON.stringify(answer), BUILTIN_TOOLS)
  return read.ok ? read.value.plan : null
}
