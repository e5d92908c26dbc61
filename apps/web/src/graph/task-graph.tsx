import type { TaskStatus } from '@flotilla/domain'
import { Controls, Panel, ReactFlow, type Edge, type FitViewOptions, type ReactFlowInstance } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import './task-graph.css'
import { startTransition, useCallback, useEffect, useMemo, useState, type Dispatch, type SetStateAction } from 'react'
import { Button } from '../parts/button.tsx'
import { boxOf, firstSight, type Box, type Frame } from './first-sight.ts'
import { GraphNodeFace, NODE_HANDLES, NODE_SIZES, type FaceNode, type NodeSize } from './graph-node.tsx'
import { groupTasks, type Group, type GraphTask } from './groups.ts'
import { layoutGraph } from './layout.ts'
import { useNarrow } from '../state/room.ts'
import { TASK_LOOKS } from '../state/tones.ts'

export type DrawnTask = GraphTask & Readonly<{ title: string; note: string; status: TaskStatus | null }>

export type TaskGraphProps = Readonly<{
  tasks: readonly DrawnTask[]
  /** Keys of the chain that decides how long it takes. */
  critical?: readonly string[]
  /** Keys of tasks that depend on each other in a circle. */
  cycle?: readonly string[]
  onOpen?: ((key: string) => void) | undefined
  label: string
  className?: string
}>

const NODE_TYPES = { face: GraphNodeFace }
const NONE: readonly string[] = []

/** Tasks and what they depend on, from left to right. A table beside it says the same to those who do not see it. */
export default function TaskGraph(props: TaskGraphProps) {
  const { tasks, critical = NONE, cycle = NONE, onOpen, label, className = '' } = props
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const [frame, setFrame] = useState<HTMLElement | null>(null)
  const [flow, setFlow] = useState<ReactFlowInstance<FaceNode> | null>(null)
  const [shown, setShown] = useState<string | null>(null)
  const shape = useShape(tasks, opened)
  const size = useNarrow('sm') ? 'compact' : 'roomy'
  useEffect(() => {
    if (shown !== null) showFirst(flow, shape, shown, size)
  }, [flow, shape, shown, size])
  const open = useOpen({ shape, setOpened, setShown, onOpen })
  const nodes = useMemo(
    () => drawNodes(shape, { tasks, critical, cycle, size, open }),
    [shape, tasks, critical, cycle, size, open],
  )
  // A graph of other tasks is another one, and is first seen anew.
  const graph = `${shape.groups.length > 0} ${size}`
  const sight = useMemo(
    () =>
      frame === null ? null : firstSight(nodes.map(boxOf), activeOf(nodes), roomIn(frame, size), LEAST_ZOOM[size]),
    [frame, graph],
  )
  const edges = useMemo(() => drawEdges(shape.groups, critical, cycle), [shape, critical, cycle])
  return (
    <div ref={setFrame} className={`task-graph ${className}`} role="group" aria-label={label}>
      {sight !== null && (
        <ReactFlow<FaceNode>
          key={graph}
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          defaultViewport={sight}
          minZoom={0.05}
          maxZoom={1.5}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          onlyRenderVisibleElements={nodes.length > 150}
          proOptions={{ hideAttribution: true }}
          nodesFocusable={false}
          onInit={setFlow}
        >
          <Controls
            showInteractive={false}
            fitViewOptions={fitOf(size)}
            position="bottom-right"
            // A finger's row of them hides less than a column.
            orientation={size === 'compact' ? 'horizontal' : 'vertical'}
          />
          {opened.size > 0 && (
            <Panel position="top-right">
              <Button onClick={() => startTransition(() => setOpened(new Set()))}>Group again</Button>
            </Panel>
          )}
        </ReactFlow>
      )}
    </div>
  )
}

/** Smaller than this titles cannot be read; on a narrow screen a whole is worth more. */
const LEAST_ZOOM = { roomy: 0.6, compact: 0.5 } as const
/** For those who ask for all of it. */
const LEAST_FIT = 0.3
/** Room for the control: beneath the nodes where it is a row, else at their right. */
const MARGINS = {
  roomy: { left: 24, right: 56, top: 24, bottom: 24 },
  compact: { left: 12, right: 12, top: 12, bottom: 66 },
} as const
const px = (value: number): `${number}px` => `${value}px`

function fitOf(size: NodeSize): FitViewOptions<FaceNode> {
  const { left, right, top, bottom } = MARGINS[size]
  return {
    maxZoom: 1,
    minZoom: LEAST_FIT,
    padding: { left: px(left), right: px(right), top: px(top), bottom: px(bottom) },
  }
}

const roomIn = ({ clientWidth, clientHeight }: HTMLElement, size: NodeSize): Frame => ({
  width: clientWidth,
  height: clientHeight,
  ...MARGINS[size],
})

const AT_WORK: ReadonlySet<TaskStatus> = new Set<TaskStatus>(['in_progress', 'verifying', 'revising'])

/** The first that is at work, or where nothing is what is ready, else where it all begins. */
function activeOf(nodes: readonly FaceNode[]): Box | undefined {
  const one =
    nodes.find(({ data }) => data.status !== null && AT_WORK.has(data.status)) ??
    nodes.find(({ data }) => data.status === 'ready') ??
    nodes[0]
  return one === undefined ? undefined : boxOf(one)
}

type Opening = Readonly<{
  shape: Shape
  setOpened: Dispatch<SetStateAction<ReadonlySet<string>>>
  setShown: (key: string) => void
  onOpen: TaskGraphProps['onOpen']
}>

/** A group opens in its place, a task where `onOpen` leads; null where a node leads nowhere. */
function useOpen({ shape, setOpened, setShown, onOpen }: Opening): (id: string) => (() => void) | null {
  return useCallback(
    (id) => {
      const first = shape.groups.find(({ key }) => key === id)?.members[0]
      if (!id.startsWith('group:')) return onOpen === undefined ? null : () => onOpen(id)
      // Hundreds of tasks are laid out and drawn for it: what is clicked meanwhile goes first.
      return () =>
        startTransition(() => {
          setOpened((before) => new Set([...before, id]))
          if (first !== undefined) setShown(first)
        })
    },
    [shape, setOpened, setShown, onOpen],
  )
}

/** An opened group may be hundreds of rows high: its first task comes to the upper part of what is seen. */
function showFirst(flow: ReactFlowInstance<FaceNode> | null, { places }: Shape, key: string, size: NodeSize): void {
  const place = places.get(key)
  if (place === undefined) return
  const { columnPx, rowPx, width } = NODE_SIZES[size]
  void flow?.setCenter(place.column * columnPx + width / 2, (place.row + 2) * rowPx, { zoom: 0.9 })
}

type Shape = Readonly<{ groups: readonly Group[]; places: ReturnType<typeof layoutGraph> }>

/** Laid out anew only when a task or an edge comes or goes: states change often, places never with them. */
function useShape(tasks: readonly DrawnTask[], opened: ReadonlySet<string>): Shape {
  const digest = tasks.map(({ key, role, dependsOn }) => `${key} ${role} ${dependsOn.join(' ')}`).join('\n')
  return useMemo(() => {
    const groups = groupTasks(tasks, opened)
    return { groups, places: layoutGraph(groups) }
    // The digest stands for the tasks.
  }, [digest, opened])
}

type Drawing = Readonly<{
  tasks: readonly DrawnTask[]
  critical: readonly string[]
  cycle: readonly string[]
  size: NodeSize
  open: (id: string) => (() => void) | null
}>

function drawNodes({ groups, places }: Shape, { tasks, critical, cycle, size, open }: Drawing): FaceNode[] {
  const byKey = new Map(tasks.map((task) => [task.key, task]))
  const [onPath, inCycle] = [new Set(critical), new Set(cycle)]
  const { width, height, columnPx, rowPx } = NODE_SIZES[size]
  return groups.map((group) => {
    const { column = 0, row = 0 } = places.get(group.key) ?? {}
    const task = byKey.get(group.key)
    return {
      id: group.key,
      type: 'face',
      position: { x: column * columnPx, y: row * rowPx },
      width,
      height,
      handles: NODE_HANDLES[size],
      data: {
        title: task?.title ?? `${group.members.length} × ${group.role}`,
        note: task?.note ?? '',
        size,
        status: task?.status ?? null,
        tally: task === undefined ? tallyOf(group, byKey) : null,
        critical: group.members.some((key) => onPath.has(key)),
        wrong: group.members.some((key) => inCycle.has(key)),
        label: task === undefined ? `Show ${group.members.length} tasks of ${group.role}` : labelOf(task),
        onOpen: open(group.key),
      },
    }
  })
}

const labelOf = ({ title, status }: DrawnTask): string =>
  status === null ? title : `${title}, ${TASK_LOOKS[status].label}`

function tallyOf({ members }: Group, byKey: ReadonlyMap<string, DrawnTask>): Map<TaskStatus, number> {
  const tally = new Map<TaskStatus, number>()
  for (const key of members) {
    const status = byKey.get(key)?.status ?? 'pending'
    tally.set(status, (tally.get(status) ?? 0) + 1)
  }
  return tally
}

function drawEdges(groups: readonly Group[], critical: readonly string[], cycle: readonly string[]): Edge[] {
  const nodeOf = new Map(groups.flatMap(({ key, members }) => members.map((member) => [member, key])))
  const steps = (keys: readonly string[]): Set<string> =>
    new Set(keys.slice(1).map((key, i) => `${nodeOf.get(keys[i] ?? '')}→${nodeOf.get(key)}`))
  const [onPath, inCycle] = [steps(critical), steps([...cycle].toReversed())]
  const known = new Set(groups.map(({ key }) => key))
  return groups.flatMap(({ key, dependsOn }) =>
    dependsOn
      .filter((from) => known.has(from))
      .map((from) => {
        const id = `${from}→${key}`
        return {
          id,
          source: from,
          target: key,
          ...(inCycle.has(id) ? { className: 'wrong' } : onPath.has(id) ? { className: 'critical' } : {}),
        }
      }),
  )
}
