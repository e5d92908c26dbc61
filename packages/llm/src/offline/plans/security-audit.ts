import type { PlanRequest } from './plan-request.ts'
import { keysOf } from './readers.ts'
import { finalTask, ROLES, step, type PlanDraft } from './task-draft.ts'

const AREAS: readonly (readonly [key: string, what: string])[] = [
  ['access', 'authentication, permissions and sessions'],
  ['input', 'input, injection and untrusted content'],
  ['secrets', 'secrets, keys, personal data and encryption'],
  ['dependencies', 'dependencies, configuration, logging and updates'],
]

/** Scope, the areas at the same time, findings by rank, report. */
export function planSecurityAudit(request: PlanRequest): PlanDraft {
  const checks = AREAS.map(([key, what]) =>
    step(
      `check-${key}`,
      ROLES.auditor,
      'audit',
      `Check ${what}`,
      `Check ${what}: what is in place, what is missing, and how bad that is.`,
      ['scope'],
    ),
  )
  const tasks = [
    step(
      'scope',
      ROLES.auditor,
      'scope',
      'Set the scope',
      'Say what is audited, what it is worth protecting, and from whom.',
      [],
    ),
    ...checks,
    step(
      'findings',
      ROLES.analyst,
      'synthesis',
      'Rank the findings',
      'Bring the findings together and rank them by the harm that they can do.',
      keysOf(checks),
    ),
    finalTask(
      request,
      'report',
      'Write the report: findings by rank, evidence, and what to do about each.',
      [...keysOf(checks), 'findings'],
      'security-report.md',
    ),
  ]
  return {
    reason: `a security audit: scope, ${checks.length} areas at the same time, ranked findings and a report`,
    tasks,
    result: 'report',
  }
}
