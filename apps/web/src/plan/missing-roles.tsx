import { closestName, missingRoleText, ROLE_PATTERN } from '@flotilla/domain'
import { sentence } from '../format/sentence.ts'
import { withRole } from './plan-edits.ts'
import type { PlanEdits } from './use-plan-edits.ts'
import { useServedRoles } from './use-roles.ts'

const SHOWN = 4

/** Roles that no agent has: an agent is drafted for each, which a mistyped one does not ask for. */
export function MissingRoles({ edits, locked }: Readonly<{ edits: PlanEdits; locked: boolean }>) {
  const served = useServedRoles()
  if (served === null) return null
  const roles = new Set(edits.draft.plan.tasks.map(({ role }) => role))
  const missing = [...roles].filter((role) => ROLE_PATTERN.test(role) && !served.has(role))
  return (
    <>
      {missing.slice(0, SHOWN).map((role) => {
        const meant = closestName(role, served)
        return (
          <p key={role} className="text-warn [overflow-wrap:anywhere]">
            {sentence(missingRoleText(role, served))}{' '}
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
        )
      })}
      {missing.length > SHOWN && <p className="text-warn">{missing.length - SHOWN} more roles have no agent.</p>}
    </>
  )
}
