import type { PlanInput } from '@flotilla/domain'
import { Controls, ReactFlow, type Connection, type FinalConnectionState, type ReactFlowInstance } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import './plan-canvas.css'
import { useEffect, useMemo, useRef, useState, type FocusEvent } from 'react'
import { useNarrow } from '../state/room.ts'
import { boxOf, firstSight } from '../graph/first-sight.ts'
import { ArrowAround } from './arrow-around.tsx'
import { drawArrows, drawPlan, type Arrow, type Picked } from './plan-drawing.ts'
import type { Placed } from './plan-edits.ts'
import type { PlanCheck } from './plan-flaws.ts'
import { PlanNodeFace, type PlanNode } from './plan-node.tsx'

export type PlanCanvasProps = Readonly<{
  plan: PlanInput
  check: PlanCheck
  picked: Picked
  /** A task that is asked for, by its place: each time anew. */
  wanted: Readonly<{ index: number }> | null
  /** While a text that cannot be read would be lost by an edit here. */
  locked: boolean
  onPick: (picked: Picked) => void
  onAdd: (placed: Placed) => void
  onConnect: (from: number, to: number) => void
  onDisconnect: (from: number, to: number) => void
  onReconnect: (old: Readonly<{ from: number; to: number }>, now: Readonly<{ from: number; to: number }>) => void
}>

type Flow = ReactFlowInstance<PlanNode, Arrow>

const NODE_TYPES = { task: PlanNodeFace }
const EDGE_TYPES = { around: ArrowAround }

/**
 * A plan to be changed by mouse or finger: from a task's right end to another's left end makes an arrow, to nowhere a task; an
 * arrow's end pulled off takes the arrow away. What the keyboard does instead is in the panel beside it.
 */
export default function PlanCanvas(props: PlanCanvasProps) {
  const { plan, check, picked, wanted, locked, onPick } = props
  const [flow, setFlow] = useState<Flow | null>(null)
  const frame = useRef<HTMLDivElement>(null)
  const size = useNarrow('sm') ? 'compact' : 'roomy'
  const pull = usePulls(props)
  const nodes = useMemo(
    () => drawPlan(plan, { check, picked, locked, size, onPick: (index) => onPick({ kind: 'task', index }) }),
    [plan, check, picked, locked, size, onPick],
  )
  const arrows = useMemo(() => drawArrows(plan, check, picked), [plan, check, picked])
  const bringIntoSight = useInSight({ flow, frame, nodes, picked, wanted })
  return (
    <div
      ref={frame}
      // An arrow has no focus of its own: the delete key is pressed on the graph.
      tabIndex={-1}
      className="plan-canvas h-full outline-none"
      role="group"
      aria-label="Plan as a graph"
      onFocus={bringIntoSight}
    >
      <ReactFlow<PlanNode, Arrow>
        nodes={nodes}
        edges={arrows}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onInit={setFlow}
        minZoom={0.05}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        nodesConnectable={!locked}
        edgesReconnectable={!locked}
        deleteKeyCode={null}
        connectionRadius={28}
        onlyRenderVisibleElements={nodes.length > 150}
        proOptions={{ hideAttribution: true }}
        onPaneClick={() => onPick(null)}
        onEdgeClick={(_, { data }) => {
          if (data !== undefined) onPick({ kind: 'arrow', ...data })
          frame.current?.focus()
        }}
        {...pull}
      >
        <Controls
          showInteractive={false}
          fitViewOptions={FIT}
          position="bottom-right"
          orientation={size === 'compact' ? 'horizontal' : 'vertical'}
        />
      </ReactFlow>
    </div>
  )
}

const FIT = { maxZoom: 1, minZoom: 0.3, padding: 0.08 }

/** React Flow ends a moved arrow as it ends a new one, so it is remembered which of them is pulled. */
function usePulls({ onAdd, onConnect, onDisconnect, onReconnect }: PlanCanvasProps) {
  const moving = useRef(false)
  return {
    isValidConnection: ({ source, target }: Connection | Arrow) => source !== target,
    onConnect: ({ source, target }: Connection) => onConnect(Number(source), Number(target)),
    onConnectEnd: (_: MouseEvent | TouchEvent, { fromNode, fromHandle, toNode }: FinalConnectionState) => {
      if (moving.current || fromNode === null || toNode !== null) return
      onAdd(fromHandle?.type === 'target' ? { before: Number(fromNode.id) } : { after: Number(fromNode.id) })
    },
    onReconnectStart: () => {
      moving.current = true
    },
    onReconnect: ({ data }: Arrow, { source, target }: Connection) => {
      if (data !== undefined) onReconnect(data, { from: Number(source), to: Number(target) })
    },
    onReconnectEnd: (_: MouseEvent | TouchEvent, { data }: Arrow, __: string, { isValid }: FinalConnectionState) => {
      moving.current = false
      if (isValid !== true && data !== undefined) onDisconnect(data.from, data.to)
    },
  }
}

const LEAST_ZOOM = 0.6
const MARGINS = { left: 24, right: 24, top: 24, bottom: 24 } as const

type Seeing = Readonly<{
  flow: Flow | null
  frame: Readonly<{ current: HTMLElement | null }>
  nodes: readonly PlanNode[]
  picked: Picked
  wanted: PlanCanvasProps['wanted']
}>

/** What comes, what is asked for, and what the keyboard goes to comes into sight. */
function useInSight({ flow, frame, nodes, picked, wanted }: Seeing) {
  const index = picked?.kind === 'task' ? picked.index : null
  const extent = extentOf(nodes)
  useEffect(() => {
    if (flow === null || frame.current === null) return
    const { clientWidth: width, clientHeight: height } = frame.current
    const about = nodes[index ?? 0]
    void flow.setViewport(
      firstSight(nodes.map(boxOf), about && boxOf(about), { width, height, ...MARGINS }, LEAST_ZOOM),
    )
    // A pick alone moves nothing under the pointer, nor does an edit that leaves the drawing as large as it was.
  }, [flow, nodes.length, extent])
  useEffect(() => {
    if (wanted !== null) centre(flow, flow?.getNode(`${wanted.index}`))
  }, [flow, wanted])
  return (event: FocusEvent<HTMLElement>): void => {
    const [face, around] = [event.target.getBoundingClientRect(), event.currentTarget.getBoundingClientRect()]
    const seen =
      face.left >= around.left && face.right <= around.right && face.top >= around.top && face.bottom <= around.bottom
    const place = event.target.dataset['task']
    if (!seen && place !== undefined) centre(flow, flow?.getNode(place))
  }
}

function extentOf(nodes: readonly PlanNode[]): string {
  const [xs, ys] = [nodes.map(({ position }) => position.x), nodes.map(({ position }) => position.y)]
  return `${Math.max(0, ...xs)} ${Math.min(0, ...ys)} ${Math.max(0, ...ys)}`
}

function centre(flow: Flow | null, node: PlanNode | undefined): void {
  if (node === undefined) return
  const { width = 0, height = 0 } = node
  const { x, y } = node.position
  void flow?.setCenter(x + width / 2, y + height / 2, { zoom: Math.max(0.8, flow.getZoom()) })
}
