import { closestName, missingRoleText, ROLE_PATTERN } from '@flotilla/domain'
import { sentence } from '../format/sentence.ts'
import { withRole } from './plan-edits.ts'
import type { PlanEdits } from './use-plan-edits.ts'
import { useServedRoles } from './use-roles.ts'

const SHOWN = 4

/**
 * Roles that no agent has: one is drafted for each, which a mistyped one does not ask for. That it was drafted before makes it
 * no better: a role that is nearly one of a written agent is told again.
 */
export function MissingRoles({ edits, locked }: Readonly<{ edits: PlanEdits; locked: boolean }>) {
  const served = useServedRoles()
  if (served === null) return null
  const roles = new Set(edits.draft.plan.tasks.map(({ role }) => role))
  const told = [...roles].flatMap((role) => {
    if (!ROLE_PATTERN.test(role) || served.written.has(role)) return []
    const meant = closestName(role, served.written)
    if (!served.all.has(role)) return [{ role, meant, text: missingRoleText(role, served.written) }]
    return meant === null
      ? []
      : [{ role, meant, text: `the role "${role}" has only a drafted agent: perhaps you meant "${meant}"` }]
  })
  return (
    <>
      {told.slice(0, SHOWN).map(({ role, meant, text }) => (
        <p key={role} className="text-warn [overflow-wrap:anywhere]">
          {sentence(text)}{' '}
          {meant !== null && !locked && (
            <button
              type="button"
              className="underline"
              onClick={() => edits.edit((plan) => withRole(plan, role, meant))}
            >
              Use {meant}
            </button>
          )}
        </p>
      ))}
      {told.length > SHOWN && <p className="text-warn">{told.length - SHOWN} more roles are like that.</p>}
    </>
  )
}
