import type { PlanInput } from '@flotilla/domain'
import { plural } from '../format/quantities.ts'
import { Button } from '../parts/button.tsx'
import { MissingRoles } from './missing-roles.tsx'
import { isEmptyDraft, unreadOf } from './plan-draft.ts'
import type { PlanCheck } from './plan-flaws.ts'
import type { PlanEdits } from './use-plan-edits.ts'

export type PlanStateProps = Readonly<{ edits: PlanEdits; check: PlanCheck; onPick: (index: number) => void }>

const SHOWN = 4

/** A task with neither title nor text runs all the same, on the goal alone. */
function emptyText({ tasks }: PlanInput): string {
  const empty = tasks.filter(({ title = '', instructions = '' }) => `${title}${instructions}`.trim() === '')
  const keys = empty.map(({ key }) => key).join(', ')
  if (empty.length === 0) return ''
  return ` Nothing says yet what ${keys} ${empty.length === 1 ? 'is' : 'are'} to do.`
}

/** What has to be mended, where it is, and whether there is nothing of the kind. */
export function PlanState({ edits, check, onPick }: PlanStateProps) {
  const { draft, replace } = edits
  const unread = unreadOf(draft)
  const { length } = draft.plan.tasks
  const more = check.flaws.length - SHOWN
  return (
    <div aria-live="polite" className="min-h-6">
      {unread.slice(0, SHOWN).map((message) => (
        <p key={message} className="text-bad [overflow-wrap:anywhere]">
          The {draft.typed?.form === 'json' ? 'JSON' : 'text'} cannot be read, {message}
        </p>
      ))}
      {unread.length > 0 && (
        <p className="flex flex-wrap items-center gap-2 text-muted">
          The graph shows what can be read, and waits until this is mended.
          <Button onClick={() => replace({ ...draft, typed: null })}>Go on without it</Button>
        </p>
      )}
      {check.flaws.slice(0, SHOWN).map(({ message, tasks }) => (
        <p key={message} className="text-bad [overflow-wrap:anywhere]">
          {message}{' '}
          {tasks[0] !== undefined && (
            <button type="button" className="underline" onClick={() => onPick(tasks[0] ?? 0)}>
              Show it
            </button>
          )}
        </p>
      ))}
      {more > 0 && <p className="text-bad">{more} more.</p>}
      <MissingRoles edits={edits} locked={unread.length > 0} />
      {unread.length === 0 && check.flaws.length === 0 && (
        <p className="text-muted">
          {isEmptyDraft(draft) ? 'No task yet.' : `${plural(length, 'task')}, no mistakes.${emptyText(draft.plan)}`}
          {length > 0 && (
            <span className="max-sm:hidden">
              {' '}
              Pull from the right end of a task to another one to connect them, to nowhere to add one.
            </span>
          )}
        </p>
      )}
    </div>
  )
}
