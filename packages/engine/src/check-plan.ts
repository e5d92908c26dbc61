import { setImmediate as turn } from 'node:timers/promises'
import { BUILTIN_TOOLS, criterionIssues, planProblems } from '@flotilla/agents'
import { pointer, type Criterion, type Issue, type Plan } from '@flotilla/domain'

/** How long other requests wait for this one. */
const SLICE_MS = 20

/**
 * What a well-formed plan can still have wrong; `base` is put before each path, `tools` are there beside the built-in ones. Compiling a criterion can take milliseconds,
 * and 10,000 different ones a minute: equal ones are compiled once, and others get their turn in between.
 */
export async function checkPlan(
  plan: Plan,
  base: readonly string[] = [],
  tools: readonly string[] = [],
): Promise<Issue[]> {
  const tasks = plan.tasks.map((task) => ({ ...task, verify: [] }))
  const issues = planProblems({ ...plan, tasks }, [...BUILTIN_TOOLS, ...tools], base)
  const known = new Map<string, readonly Issue[]>()
  let sliceEnd = performance.now() + SLICE_MS
  for (const [i, task] of plan.tasks.entries())
    for (const [j, criterion] of task.verify.entries()) {
      const at = pointer([...base, 'tasks', i, 'verify', j])
      issues.push(...issuesOnce(known, criterion).map((issue) => ({ ...issue, path: `${at}${issue.path}` })))
      if (performance.now() < sliceEnd) continue
      await turn()
      sliceEnd = performance.now() + SLICE_MS
    }
  return issues
}

/** With paths below the criterion. */
function issuesOnce(known: Map<string, readonly Issue[]>, criterion: Criterion): readonly Issue[] {
  const key = JSON.stringify(criterion)
  const found =
    known.get(key) ??
    criterionIssues([criterion], '').map((issue) => ({ ...issue, path: issue.path.replace('/0', '') }))
  known.set(key, found)
  return found
}
