import {
  lazy,
  Suspense,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
} from 'react'
import { part } from '../shell/part.ts'
import { ArrowPanel } from './arrow-panel.tsx'
import { unreadOf } from './plan-draft.ts'
import type { Picked } from './plan-drawing.ts'
import { addTask, connect, disconnect, removeTask, type Placed } from './plan-edits.ts'
import { checkPlan, type PlanCheck } from './plan-flaws.ts'
import { PlanState } from './plan-state.tsx'
import { PlanTextPane } from './plan-text-pane.tsx'
import { PlanToolbar, type Pane } from './plan-toolbar.tsx'
import { TaskOverview } from './task-overview.tsx'
import { TaskPanel } from './task-panel.tsx'
import type { PlanEdits } from './use-plan-edits.ts'
import { useRoles } from './use-roles.ts'

/** Where graph and fields stand side by side, they leave room for what is said and done beneath them. */
const BESIDE = '@2xl:h-[max(22rem,calc(100vh-26rem))]'

const PlanCanvas = lazy(part(() => import('./plan-canvas.tsx')))

/** A plan as a graph, and beside it the picked task, or all of it as text: views of one value. */
export function PlanEditor({ edits }: Readonly<{ edits: PlanEdits }>) {
  const root = useRef<HTMLDivElement>(null)
  const [pane, setPane] = useState<Pane>('tasks')
  const { plan } = useDeferredValue(edits.draft)
  const check = useMemo(() => checkPlan(plan), [plan])
  const picking = usePicking(edits, root)
  const { picked, wanted, pick, show, act } = picking
  const locked = unreadOf(edits.draft).length > 0
  const add = useCallback(
    (placed: Placed) => {
      setPane('tasks')
      act.add(placed)
    },
    [act],
  )
  return (
    <div
      ref={root}
      className="@container flex flex-col gap-2"
      onKeyDown={(event) => onKey(event, { edits, locked, picking })}
    >
      <PlanToolbar
        pane={pane}
        locked={locked}
        canUndo={edits.canUndo}
        canRedo={edits.canRedo}
        picked={picked?.kind ?? null}
        onPane={setPane}
        onAdd={() => add(picked?.kind === 'task' ? { after: picked.index } : {})}
        onDelete={() => act.remove(picked)}
        onUndo={edits.undo}
        onRedo={edits.redo}
      />
      <div className="grid gap-2 @2xl:grid-cols-[minmax(0,1fr)_20rem] @5xl:grid-cols-[minmax(0,1fr)_26rem]">
        <div className={`h-72 min-w-0 rounded-md border border-line bg-ground ${BESIDE}`}>
          {plan.tasks.length === 0 ? (
            <p className="p-6 text-center text-muted">The tasks are drawn here as you add or write them.</p>
          ) : (
            <Suspense fallback={null}>
              <PlanCanvas {...{ plan, check, picked, wanted, locked }} {...act.canvas} onPick={pick} onAdd={add} />
            </Suspense>
          )}
        </div>
        <div className="@2xl:order-last @2xl:col-span-2">
          <PlanState edits={edits} check={check} onPick={show} />
        </div>
        <div className={`min-w-0 overflow-y-auto rounded-md border border-line p-2.5 ${BESIDE}`}>
          {pane === 'tasks' ? (
            <TasksPane {...{ edits, check, locked, picking }} />
          ) : (
            <PlanTextPane key={pane} edits={edits} form={pane} picked={picked} />
          )}
        </div>
      </div>
    </div>
  )
}

type Picking = ReturnType<typeof usePicking>

/** What is picked, and the edits that begin with it or leave something picked. */
function usePicking({ draft, edit }: PlanEdits, root: Readonly<{ current: HTMLElement | null }>) {
  const [chosen, setChosen] = useState<Picked>(null)
  const [fresh, setFresh] = useState(false)
  const [wanted, setWanted] = useState<Readonly<{ index: number }> | null>(null)
  const { tasks } = draft.plan
  const picked = chosen !== null && isThere(chosen, tasks.length) ? chosen : null
  const pick = useCallback((next: Picked) => {
    setFresh(false)
    setChosen(next)
  }, [])
  const show = (index: number): void => {
    pick({ kind: 'task', index })
    setWanted({ index })
  }
  const act = useMemo(() => {
    const take = (from: number, to: number): void => {
      edit((plan) => disconnect(plan, plan.tasks[from]?.key ?? '', to))
      pick(null)
    }
    return {
      add: (placed: Placed) => {
        edit((plan) => addTask(plan, placed))
        setChosen({ kind: 'task', index: tasks.length })
        setFresh(true)
      },
      remove: (what: Picked) => {
        if (what?.kind === 'arrow') take(what.from, what.to)
        if (what?.kind !== 'task') return
        edit((plan) => removeTask(plan, what.index))
        const next = Math.min(what.index, tasks.length - 2)
        pick(next < 0 ? null : { kind: 'task', index: next })
        // The focus was on what is gone.
        const stays = next < 0 ? 'button' : `[data-task="${next}"]`
        requestAnimationFrame(() => root.current?.querySelector<HTMLElement>(stays)?.focus())
      },
      canvas: {
        onConnect: (from: number, to: number) => edit((plan) => connect(plan, from, to)),
        onDisconnect: take,
        onReconnect: (old: Ends, now: Ends) => {
          edit((plan) => connect(disconnect(plan, plan.tasks[old.from]?.key ?? '', old.to), now.from, now.to))
          pick(null)
        },
      },
    }
  }, [edit, pick, tasks.length, root])
  return { picked, wanted, pick, show, fresh, act }
}

type Ends = Readonly<{ from: number; to: number }>

const isThere = (picked: NonNullable<Picked>, count: number): boolean =>
  picked.kind === 'task' ? picked.index < count : picked.from < count && picked.to < count

type TasksPaneProps = Readonly<{ edits: PlanEdits; check: PlanCheck; locked: boolean; picking: Picking }>

/** A locked field set takes its fields with it, so that nothing is typed that would lose what cannot be read. */
function TasksPane({ edits, check, locked, picking: { picked, pick, fresh, act } }: TasksPaneProps) {
  const { plan } = edits.draft
  const roles = useRoles(plan)
  const { pane, moveFrom } = useMovedFocus(picked, pick)
  return (
    <fieldset ref={pane} disabled={locked} className="min-w-0">
      {picked?.kind === 'task' && (
        <TaskPanel
          key={fresh ? `new ${picked.index}` : 'picked'}
          {...{ plan, roles, fresh }}
          index={picked.index}
          flaws={check.flaws}
          edit={edits.edit}
          onClose={() => moveFrom(null)}
        />
      )}
      {picked?.kind === 'arrow' && (
        <ArrowPanel plan={plan} from={picked.from} to={picked.to} onDelete={() => act.remove(picked)} />
      )}
      {picked === null && (
        <TaskOverview plan={plan} flaws={check.flaws} onPick={(index) => moveFrom({ kind: 'task', index })} />
      )}
    </fieldset>
  )
}

/** What is used here goes with the pane that it was in: the focus moves on to the heading of the next one. */
function useMovedFocus(picked: Picked, pick: (next: Picked) => void) {
  const pane = useRef<HTMLFieldSetElement>(null)
  const moved = useRef(false)
  useEffect(() => {
    if (moved.current) pane.current?.querySelector<HTMLElement>('[data-heading]')?.focus()
    moved.current = false
  }, [picked])
  const moveFrom = (next: Picked): void => {
    moved.current = true
    pick(next)
  }
  return { pane, moveFrom }
}

type Keys = Readonly<{ edits: PlanEdits; locked: boolean; picking: Picking }>

/**
 * Undo is that of the plan in its fields too: theirs would know nothing of the graph's edits. Enter in a field would send the
 * form that the editor may stand in.
 */
function onKey(event: KeyboardEvent, { edits, locked, picking }: Keys): void {
  const key = event.key.toLowerCase()
  const command = event.ctrlKey || event.metaKey
  if (command && (key === 'y' || (key === 'z' && event.shiftKey))) edits.redo()
  else if (command && key === 'z') edits.undo()
  else if ((key === 'delete' || key === 'backspace') && !locked && isInGraph(event.target))
    picking.act.remove(taskOf(event.target) ?? picking.picked)
  else if (key !== 'enter' || !(event.target instanceof HTMLInputElement)) return
  event.preventDefault()
}

const isInGraph = (target: EventTarget): boolean => target instanceof Element && target.closest('.plan-canvas') !== null

/** The task that has the focus, which the keyboard need not have picked. */
function taskOf(target: EventTarget): Picked {
  const place = target instanceof HTMLElement ? target.dataset['task'] : undefined
  return place === undefined ? null : { kind: 'task', index: Number(place) }
}
