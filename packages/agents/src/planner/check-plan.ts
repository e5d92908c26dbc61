import {
  PlanSchema,
  accepted,
  issuesOf,
  planIssues,
  pointer,
  rejected,
  unsupportedInPlan,
  type Issue,
  type Plan,
  type Result,
} from '@flotilla/domain'
import * as v from 'valibot'
import { criterionIssues } from '../verifier/criterion-issues.ts'

/**
 * Everything wrong with a plan of the right form: its graph, tools that nobody has, criteria that cannot run, capabilities
 * that are not built. `base` is put before each path.
 */
export function planProblems(plan: Plan, tools: readonly string[], base: readonly string[] = []): Issue[] {
  return [
    ...planIssues(plan, base),
    ...toolIssues(plan, tools, base),
    ...criteriaIssues(plan, base),
    ...unsupportedInPlan(plan, pointer(base)),
  ]
}

/** Reads an explicit plan from outside; `unsupported` where nothing else is wrong with it. */
export function readPlan(input: unknown, tools: readonly string[], base: readonly string[] = []): Result<Plan> {
  const parsed = v.safeParse(PlanSchema, input)
  if (!parsed.success) return rejected('invalid_input', 'the plan is not valid', issuesOf(parsed.issues, base))
  const issues = planProblems(parsed.output, tools, base)
  if (issues.length === 0) return accepted(parsed.output)
  const unsupported = unsupportedInPlan(parsed.output, pointer(base))
  return issues.length === unsupported.length
    ? rejected('unsupported', 'the plan needs what this version does not support', issues)
    : rejected('invalid_input', 'the plan is not valid', issues)
}

function toolIssues(plan: Plan, tools: readonly string[], base: readonly string[]): Issue[] {
  const known = new Set(tools)
  return plan.tasks.flatMap((task, i) =>
    (task.tools ?? []).flatMap((name, j) =>
      known.has(name)
        ? []
        : [
            {
              path: pointer([...base, 'tasks', i, 'tools', j]),
              message: `unknown tool "${name}"; there ${tools.length === 1 ? 'is' : 'are'} ${tools.join(', ') || 'none'}`,
            },
          ],
    ),
  )
}

const criteriaIssues = (plan: Plan, base: readonly string[]): Issue[] =>
  plan.tasks.flatMap((task, i) => criterionIssues(task.verify, pointer([...base, 'tasks', i, 'verify'])))
