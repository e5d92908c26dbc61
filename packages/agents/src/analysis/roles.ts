import { ROLE_PATTERN } from '@flotilla/domain'
import type { RoleInfo } from '../planner/prompt.ts'
import type { RequestType } from './request-type.ts'

/** Who a request of each type needs, in the order of the work. */
const BY_TYPE: Readonly<Record<RequestType, readonly string[]>> = {
  research: ['researcher', 'analyst', 'writer'],
  comparison: ['researcher', 'analyst', 'writer'],
  question: ['researcher', 'writer'],
  writing: ['researcher', 'writer', 'reviewer'],
  development: ['architect', 'developer', 'reviewer'],
  security_audit: ['security', 'analyst', 'writer'],
  data: ['analyst', 'writer'],
  custom: ['researcher', 'writer'],
}

const MENTION = /(?:^|\s)@([a-z][a-z0-9-]{0,39})\b(?![.@])/g

/**
 * Roles of a request: those that its goal mentions as @role, else those of its type. A role without an agent is replaced by
 * an available one that says it does the same work; without one it stays, and an agent is drafted for it.
 */
export function rolesFor(
  type: RequestType,
  complexity: string,
  goal: string,
  available: readonly RoleInfo[],
): string[] {
  const mentioned = [...goal.matchAll(MENTION)]
    .map((match) => match[1] as string)
    .filter((role) => ROLE_PATTERN.test(role))
  if (mentioned.length > 0) return [...new Set(mentioned)]
  const usual = complexity === 'simple' ? BY_TYPE[type].slice(0, 2) : BY_TYPE[type]
  return [...new Set(usual.map((role) => standIn(role, available)))]
}

function standIn(role: string, available: readonly RoleInfo[]): string {
  if (available.some((info) => info.role === role)) return role
  const stem = role.replace(/(?:er|or|ist|st)$/, '')
  const offers = available.find((info) =>
    [info.description, ...info.capabilities].some((text) => text.toLowerCase().includes(stem)),
  )
  return offers?.role ?? role
}
