import type { PlanInput } from '@flotilla/domain'
import { MarkerType, type Edge } from '@xyflow/react'
import { layoutGraph, type Place } from '../graph/layout.ts'
import { nameOf, type PlanCheck } from './plan-flaws.ts'
import { PLAN_SIZES, type PlanNode, type PlanNodeData, type PlanSize } from './plan-node.tsx'

/** What is picked of a plan: a task, or the arrow between two, each by its place. */
export type Picked =
  | Readonly<{ kind: 'task'; index: number }>
  | Readonly<{ kind: 'arrow'; from: number; to: number }>
  | null

export type Arrow = Edge<Readonly<{ from: number; to: number }>>

/** What an arrow joins; a key that two tasks have is the first one's, and one that no task has draws none. */
export function arrowsOf({ tasks }: PlanInput): Readonly<{ from: number; to: number }>[] {
  const first = new Map<string, number>()
  tasks.forEach(({ key }, i) => void (first.has(key) || first.set(key, i)))
  return tasks.flatMap(({ dependsOn = [] }, to) =>
    [...new Set(dependsOn)].flatMap((key) => {
      const from = first.get(key)
      return from === undefined || from === to ? [] : [{ from, to }]
    }),
  )
}

type Marks = Readonly<{
  check: PlanCheck
  picked: Picked
  locked: boolean
  size: PlanSize
  onPick: PlanNodeData['onPick']
}>

export function drawPlan(plan: PlanInput, { check, picked, locked, size, onPick }: Marks): PlanNode[] {
  const wrong = new Set(check.flaws.flatMap(({ tasks }) => tasks))
  const before = neighbours(plan)
  const places = layoutGraph(asGraph(before))
  const { width, height, columnPx, rowPx } = PLAN_SIZES[size]
  return plan.tasks.map((task, index) => {
    const { column = 0, row = 0 } = places.get(`${index}`) ?? {}
    const after = (before[index] ?? []).map((one) => nameOf(plan.tasks[one]))
    const name = nameOf(task)
    return {
      id: `${index}`,
      type: 'task',
      position: { x: column * columnPx, y: row * rowPx },
      width,
      height,
      data: {
        index,
        title: name,
        note: noteOf(task.role, task.optional === true, plan.result === task.key),
        wrong: wrong.has(index),
        picked: picked?.kind === 'task' && picked.index === index,
        locked,
        size,
        label: `${name}, ${task.role}${after.length === 0 ? '' : `, after ${after.join(', ')}`}${wrong.has(index) ? ', has a mistake' : ''}`,
        onPick,
      },
    }
  })
}

const noteOf = (role: string, optional: boolean, result: boolean): string =>
  [`@${role}`, optional ? 'optional' : '', result ? 'the result' : ''].filter((part) => part !== '').join(' · ')

/** For each task, what it comes after. */
function neighbours(plan: PlanInput): readonly (readonly number[])[] {
  const before: number[][] = plan.tasks.map(() => [])
  for (const { from, to } of arrowsOf(plan)) before[to]?.push(from)
  return before
}

const asGraph = (before: readonly (readonly number[])[]) =>
  before.map((from, i) => ({ key: `${i}`, dependsOn: from.map(String) }))

function isBehindTasks(from: Place | undefined, to: Place | undefined): boolean {
  const columns = (to?.column ?? 0) - (from?.column ?? 0)
  return columns < 1 || (columns > 1 && from?.row === to?.row)
}

export function drawArrows(plan: PlanInput, { cycle }: PlanCheck, picked: Picked): Arrow[] {
  const inCycle = new Set(cycle.slice(1).map((to, i) => `${cycle[i]}-${to}`))
  const places = layoutGraph(asGraph(neighbours(plan)))
  return arrowsOf(plan).map(({ from, to }) => {
    const id = `${from}-${to}`
    const isPicked = picked?.kind === 'arrow' && picked.from === from && picked.to === to
    const look = isPicked ? 'picked' : inCycle.has(id) ? 'wrong' : ''
    return {
      id,
      source: `${from}`,
      target: `${to}`,
      type: isBehindTasks(places.get(`${from}`), places.get(`${to}`)) ? 'around' : 'default',
      // Where several end together, the picked one is pulled.
      zIndex: isPicked ? 1 : 0,
      data: { from, to },
      className: look,
      markerEnd: { type: MarkerType.ArrowClosed, color: COLOURS[look] },
      ariaLabel: `${nameOf(plan.tasks[to])} comes after ${nameOf(plan.tasks[from])}`,
    }
  })
}

const COLOURS = { picked: 'var(--accent)', wrong: 'var(--bad)', '': 'var(--edge)' } as const
