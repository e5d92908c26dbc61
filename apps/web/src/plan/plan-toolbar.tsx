import { Button } from '../parts/button.tsx'
import type { PlanForm } from './plan-draft.ts'

export type Pane = 'tasks' | PlanForm

export type PlanToolbarProps = Readonly<{
  pane: Pane
  locked: boolean
  canUndo: boolean
  canRedo: boolean
  /** What a delete would take away; null where nothing is picked. */
  picked: 'task' | 'arrow' | null
  onPane: (pane: Pane) => void
  onAdd: () => void
  onDelete: () => void
  onUndo: () => void
  onRedo: () => void
}>

const PANES: Readonly<Record<Pane, string>> = { tasks: 'Tasks', text: 'Text', json: 'JSON' }

export const PlanToolbar = (props: PlanToolbarProps) => (
  <div className="flex flex-wrap items-center gap-2">
    <Button disabled={props.locked} onClick={props.onAdd}>
      Add a task
    </Button>
    <Button disabled={props.locked || props.picked === null} onClick={props.onDelete}>
      {props.picked === 'arrow' ? 'Delete the arrow' : 'Delete the task'}
    </Button>
    <Button disabled={!props.canUndo} onClick={props.onUndo} title="Ctrl Z">
      Undo
    </Button>
    <Button disabled={!props.canRedo} onClick={props.onRedo} title="Ctrl Shift Z">
      Redo
    </Button>
    <div role="group" aria-label="Edit as" className="flex sm:ms-auto">
      {(['tasks', 'text', 'json'] as const).map((pane) => (
        <button
          key={pane}
          type="button"
          aria-pressed={props.pane === pane}
          onClick={() => props.onPane(pane)}
          className="h-7 border border-edge bg-surface px-2.5 pointer-coarse:h-10 not-first:border-s-0 first:rounded-s-control last:rounded-e-control hover:bg-raised aria-pressed:bg-ink aria-pressed:text-surface"
        >
          {PANES[pane]}
        </button>
      ))}
    </div>
  </div>
)
