import { recordReplacedPlan, type Db } from '@flotilla/db'
import { accepted, rejected, unsupportedInPlan, type Plan, type Result } from '@flotilla/domain'
import { checkPlan } from './check-plan.ts'
import type { Hints } from './hints.ts'
import { acceptedRun, controlRun, type RunAccepted, type RunRef } from './run-control.ts'
import { describeIssues } from './submit-run.ts'

/**
 * Gives a run that has not been started another plan; it then rests until a start. A planner at work loses its fence, so
 * its plan does not come after this one. Errors: `unsupported`, `invalid_input`, `not_found`, `conflict`.
 */
export async function replacePlan(
  deps: Readonly<{ db: Db; hints: Hints; tools?: readonly string[] | undefined }>,
  { plan, ...ref }: RunRef & Readonly<{ plan: Plan }>,
): Promise<Result<RunAccepted>> {
  const unsupported = unsupportedInPlan(plan, '')
  if (unsupported.length > 0)
    return rejected('unsupported', 'the plan asks for what this version does not do', unsupported)
  const issues = await checkPlan(plan, [], deps.tools)
  if (issues.length > 0) return rejected('invalid_input', describeIssues(issues), issues)
  const result = await controlRun(deps.db, ref, 'replace_plan', async (tx, run) => {
    const planVersion = await recordReplacedPlan(tx, run, plan)
    return planVersion === null ? null : { ...run, status: 'awaiting_approval', planVersion }
  })
  if (!result.ok) return result
  deps.hints.publish({ runId: result.value.run.id })
  return accepted(acceptedRun(result.value.run))
}
